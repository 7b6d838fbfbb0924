// The site: the pages in the order of docs/README.md, and the reference of every public entry. `npm run site` writes it
// to .cache/site, and fails on a broken link or an exported member without a comment. It asks nothing of the network.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formats } from '@flowferry/core/formats'
import { Application, Comment, Converter, ReflectionKind, StructureRouter } from 'typedoc'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const repository = 'https://github.com/flowferry/flowferry'
const out = join(root, '.cache/site')
const staged = join(root, '.cache/site-pages')
const read = (path) => readFileSync(join(root, path), 'utf8')

/** The link of a Markdown file, its title in quotes left out. */
const link = /(?<=\]\()[^)\s]+(?=\))/g

const { pages, sections } = contents()
stagePages()

const entries = publicEntries()
const app = await Application.bootstrap({
  name: 'flowferry',
  entryPoints: Object.keys(entries),
  tsconfig: join(root, 'tsconfig.json'),
  displayBasePath: root,
  readme: join(staged, 'README.md'),
  projectDocuments: pages.map((page) => join(staged, page)),
  out,
  router: 'pages',
  logLevel: 'Warn',
  // `npm run types` checks them.
  skipErrorChecking: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  includeHierarchySummary: false,
  disableGit: true,
  sourceLinkTemplate: `${repository}/blob/main/{path}#L{line}`,
  // GitHub's anchors are in lower case.
  sluggerConfiguration: { lowercase: true },
  navigation: { includeGroups: true },
  navigationLinks: { GitHub: repository },
  groupOrder: [...sections.keys(), '*'],
  validation: { notExported: false, invalidLink: true, invalidPath: true, rewrittenLink: true },
  markdownItLoader: headingsAsText,
})
app.renderer.defineRouter('pages', PagesRouter())
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.children)
    module.name = entries[`${module.name}.ts`] ?? entries[`${module.name}/index.ts`]
})

const project = await app.convert()
if (!project) process.exit(1)
orderPages(project)
await describeRecords(project)
app.validate(project)
requireComments(project)
await app.generateOutputs(project)
for (const fault of brokenLinks()) app.logger.error(fault)
rmSync(staged, { recursive: true })
const faults = app.logger.errorCount + app.logger.warningCount
console.log(faults === 0 ? `${relative(root, out)}/index.html` : `${faults} faults, named above`)
process.exitCode = faults === 0 ? 0 : 1

/** What docs/README.md lists: each page once, under the section that names it first; each format below the formats. */
function contents() {
  const sections = new Map()
  const index = 'docs/README.md'
  const seen = new Set(['README.md', index])
  let section
  for (const line of read(index).split('\n')) {
    if (line.startsWith('## ')) {
      section = line.slice(3)
      sections.set(section, [])
    }
    for (const path of linked(index, line)) {
      const below = path === 'docs/formats/README.md' ? linked(path, read(path)) : []
      for (const page of [path, ...below]) {
        if (!page.endsWith('.md') || seen.has(page)) continue
        seen.add(page)
        sections.get(section).push(page)
      }
    }
  }
  sections.get('Start').unshift(index)
  return { pages: [...sections.values()].flat(), sections }
}

function linked(from, text) {
  return [...text.matchAll(link)].map(([target]) => pathOf(from, target)).filter((path) => path !== undefined)
}

/** The file of this repository that a link leads to; of a folder that has a README, that one. */
function pathOf(from, target) {
  const here = new RegExp(`^${repository}/(?:blob|tree)/main/`)
  const [path] = target.split('#')
  if (path === '' || (/^\w+:/.test(path) && !here.test(path))) return undefined
  const file = here.test(path) ? path.replace(here, '') : posix.join(posix.dirname(from), path)
  const readme = posix.join(file, 'README.md')
  return existsSync(join(root, readme)) ? readme : posix.normalize(file)
}

/** Copies in which links lead to pages of the site; those to anything else, such as a source, lead to GitHub. */
function stagePages() {
  rmSync(staged, { recursive: true, force: true })
  const known = new Set(['README.md', ...pages])
  const titleOf = new Map([...sections].flatMap(([title, own]) => own.map((page) => [page, title])))
  for (const page of known) {
    const [, title] = /^# (.+)$/m.exec(read(page))
    const text = read(page).replace(link, (target) => {
      const path = pathOf(page, target)
      if (path === undefined) return target
      const hash = target.includes('#') ? target.slice(target.indexOf('#')) : ''
      if (known.has(path)) return relativeTo(page, path) + hash
      if (!existsSync(join(root, path))) throw new Error(`${page} links to ${path}, which is not there`)
      return /\.(png|svg)$/.test(path) ? target : `${repository}/blob/main/${path.replace(/\/$/, '')}${hash}`
    })
    const head =
      page === 'README.md' ? '' : `---\ntitle: ${JSON.stringify(title)}\ngroup: ${titleOf.get(page)}\n---\n\n`
    mkdirSync(dirname(join(staged, page)), { recursive: true })
    writeFileSync(join(staged, page), head + text)
  }
  cpSync(join(root, 'docs/images'), join(staged, 'docs/images'), { recursive: true })
}

function relativeTo(page, path) {
  const way = posix.relative(posix.dirname(page), path)
  return way.startsWith('.') ? way : `./${way}`
}

/** Source to name, as the packages export them: `packages/core/src/schema/index.ts` is `@flowferry/core/schema`. */
function publicEntries() {
  return Object.fromEntries(
    readdirSync(join(root, 'packages')).flatMap((folder) => {
      const { name, exports } = JSON.parse(read(`packages/${folder}/package.json`))
      return Object.entries(exports)
        .filter(([path, target]) => path !== './internal' && target.default)
        .flatMap(([path, target]) => {
          const source = target.default.replace('./dist/', `packages/${folder}/src/`).replace(/\.js$/, '.ts')
          const names = path.includes('*') ? Object.keys(formats) : ['']
          return names.map((one) => [source.replace('*', one), name + path.slice(1).replace('*', one)])
        })
    }),
  )
}

/** Pages keep their place in the repository, so that a link to one needs no table. */
function PagesRouter() {
  return class extends StructureRouter {
    getIdealBaseName(reflection) {
      if (!reflection.isDocument()) return `reference/${super.getIdealBaseName(reflection)}`
      return relative(staged, this.application.files.getReflectionPath(reflection)).replace(/\.md$/, '')
    }
  }
}

/** Within a section they stand as docs/README.md has them, not by their titles. */
function orderPages(project) {
  const place = new Map(pages.map((page, index) => [join(staged, page), index]))
  const placeOf = (document) => place.get(project.files.getReflectionPath(document))
  for (const group of project.groups) {
    if (sections.has(group.title)) group.children.sort((a, b) => placeOf(a) - placeOf(b))
  }
}

/** A record's members are described where its fields are: in the table of the format. */
async function describeRecords(project) {
  for (const [name, load] of Object.entries(formats)) {
    const module = project.children.find((one) => one.name === `@flowferry/core/formats/${name}`)
    const fields = new Map((await load()).formats.flatMap((format) => format.fields.map((one) => [one.name, one])))
    const describe = (path) => (member) => {
      const own = [...path, member.name].join('.')
      const field = fields.get(own)
      if (field && !member.comment) member.comment = new Comment([{ kind: 'text', text: field.description }])
      member.type?.declaration?.children?.forEach(describe([own]))
    }
    for (const record of module.getChildrenByKind(ReflectionKind.Interface)) record.children.forEach(describe([]))
  }
}

/**
 * What a package exports has a comment, and so has each option. Other properties need none: they have AWS's names, or
 * say what they are; `requiredToBeDocumented` of TypeDoc knows no such difference.
 */
function requireComments(project) {
  for (const member of project.children.flatMap((module) => module.children ?? [])) {
    if (member.isReference()) continue
    const isOptions = member.name.endsWith('Options')
    const wanted = isOptions || member.kindOf(ReflectionKind.Class) ? (member.children ?? []) : []
    for (const one of isOptions ? wanted : [member, ...wanted]) {
      if (one.flags.isInherited || one.overwrites || one.kindOf(ReflectionKind.Constructor)) continue
      const signatures = [...(one.signatures ?? []), ...(one.type?.declaration?.signatures ?? []), one.getSignature]
      if ([one, ...signatures].some((place) => place?.hasComment())) continue
      app.logger.validationWarning(`${one.getFriendlyFullName()} has no comment (${one.sources?.[0]?.url})`)
    }
  }
}

/** GitHub's anchor of a heading has the text of its code, too; TypeDoc's has what is no code. */
function headingsAsText(parser) {
  parser.core.ruler.push('headings-as-text', ({ tokens }) => {
    for (const [index, { type }] of tokens.entries()) {
      if (type !== 'heading_open') continue
      for (const part of tokens[index + 1].children) if (part.type === 'code_inline') part.type = 'text'
    }
  })
}

/** Of what was written: each link leads to a page and an anchor that are there, and nothing is loaded from elsewhere. */
function brokenLinks() {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  const texts = new Map(
    files.filter((path) => path.endsWith('.html')).map((path) => [path, readFileSync(join(out, path), 'utf8')]),
  )
  const anchors = new Map([...texts].map(([path, text]) => [path, new Set(attributes(text, 'id'))]))
  return [...texts].flatMap(([path, text]) => {
    const loaded = [...text.matchAll(/<(?:script|img|link|iframe)\b[^>]*?\b(?:src|href)="(\w+:)?\/\/[^"]*"/g)]
    const links = [...attributes(text, 'href'), ...attributes(text, 'src')].filter((to) => !/^(\w+:|$)/.test(to))
    return [
      ...loaded.map(([element]) => `${path} loads from elsewhere: ${element}`),
      ...links.flatMap((to) => {
        const { pathname, hash } = new URL(to, `file:///${path}`)
        const file = decodeURIComponent(pathname.slice(1)) || 'index.html'
        if (!files.includes(file)) return `${path} links to ${to}, which is not there`
        const anchor = decodeURIComponent(hash.slice(1))
        return anchor === '' || !anchors.has(file) || anchors.get(file).has(anchor)
          ? []
          : `${path} links to ${to}: no such anchor`
      }),
    ]
  })
}

function attributes(text, name) {
  return [...text.matchAll(new RegExp(`<[a-z][^>]*?\\s${name}="([^"]*)"`, 'g'))].map(([, value]) =>
    value.replaceAll('&amp;', '&'),
  )
}
