import { readFileSync } from 'node:fs'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** What examples/lambda/template.yaml puts in front of its bundle. */
export const requireBanner = /^ +- js=(.*)$/m.exec(read('examples/lambda/template.yaml'))![1]!

/** The module of README.md's first sample: the sample itself, under the imports of the example that it is in. */
export function readmeHandler(): string {
  const [, sample] = /```ts\n([\s\S]*?)```/.exec(read('README.md'))!
  const example = read('examples/lambda/src/elasticsearch.ts')
  if (!example.includes(sample!)) throw new Error("README.md's first sample is not in examples/lambda")
  return example.slice(0, example.indexOf(sample!)) + sample
}
