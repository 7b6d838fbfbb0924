/** https://search.example:9200 */
export const node = required('SEARCH_URL')
export const apiKey = process.env.SEARCH_API_KEY ?? ''
export const auth = { username: process.env.SEARCH_USERNAME ?? '', password: process.env.SEARCH_PASSWORD ?? '' }
export const deadLetter = {
  queueUrl: required('DEAD_LETTER_QUEUE_URL'),
  maxAttempts: Number(process.env.MAX_ATTEMPTS ?? 4),
}

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`The environment variable ${name} is not set`)
  return value
}
