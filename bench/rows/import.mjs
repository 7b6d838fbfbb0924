// CPU of one import in a process of its own: node import.mjs FILE; prints JSON.
process.env.SEARCH_URL = 'http://127.0.0.1:9200'
process.env.DEAD_LETTER_QUEUE_URL = 'http://127.0.0.1:9324/queue/dead'
const before = process.cpuUsage()
await import(process.argv[2])
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ cpu: (user + system) / 1e3, peak: process.resourceUsage().maxRSS / 1024 }))
