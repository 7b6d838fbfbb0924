import { readFileSync } from 'node:fs'
import { parse, type ScalarTag } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: each service has a shape of its own, which the tests know.
type Properties = Readonly<Record<string, any>>

/** A resource, with its properties as CloudFormation would hand them to the service. */
export interface Resource {
  readonly Type: string
  readonly Properties: Properties
  readonly [attribute: string]: unknown
}

/** A template with all of its functions applied, and without what its conditions leave out. */
export interface Resolved {
  readonly resources: Readonly<Record<string, Resource>>
  readonly outputs: Readonly<Record<string, unknown>>
}

/** What a stack of the tests is. */
const pseudo: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': '123456789012',
  'AWS::Region': 'eu-central-1',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'flowferry',
}
/** ARNs of what a resource is named, by its type. Each resource is named `<stack>-<logical id>`. */
const arns: Readonly<Record<string, (name: string) => string>> = {
  'AWS::SQS::Queue': (name) => `arn:aws:sqs:eu-central-1:123456789012:${name}`,
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::Events::Rule': (name) => `arn:aws:events:eu-central-1:123456789012:rule/${name}`,
  'AWS::Logs::LogGroup': (name) => `arn:aws:logs:eu-central-1:123456789012:log-group:${name}:*`,
  'AWS::KMS::Key': (name) => `arn:aws:kms:eu-central-1:123456789012:key/${name}`,
  'AWS::IAM::Role': (name) => `arn:aws:iam::123456789012:role/${name}`,
}

type Json = Record<string, unknown>
/** What `AWS::NoValue` is: its member or element is left out. */
const none = Symbol('AWS::NoValue')

const shortForms = 'Ref Sub GetAtt If Equals Not And Or Join Select Split FindInMap Condition'.split(' ')
const customTags = shortForms.flatMap((name) => {
  const long = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`
  const scalar = {
    tag: `!${name}`,
    resolve: (text: string) => ({ [long]: name === 'GetAtt' ? text.split('.') : text }),
  }
  const collection = { tag: `!${name}`, resolve: (node: { toJSON: () => unknown }) => ({ [long]: node.toJSON() }) }
  return [scalar, { ...collection, collection: 'seq' }, { ...collection, collection: 'map' }] as unknown as ScalarTag[]
})

/** The template of a path below the repository, for these parameters; the others have their defaults. */
export function resolvedTemplate(path: string, parameters: Readonly<Record<string, string>> = {}): Resolved {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  // CloudFormation takes no aliases of YAML.
  const template = parse(text, { customTags, maxAliasCount: 0 }) as Record<string, Record<string, Json>>
  const resources = template.Resources as Record<string, Resource & { Condition?: string }>
  for (const name of Object.keys(parameters))
    if (!template.Parameters?.[name]) throw new Error(`${path} has no parameter ${name}`)
  const held = (name: string) => Boolean(resolve(template.Conditions![name]))
  const made = (value: { Condition?: string }) => value.Condition === undefined || held(value.Condition)
  const each = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([, value]) => made(value as { Condition?: string }))
        .map(([name, value]) => [name, resolve(value)]),
    )
  return {
    resources: each(resources) as Record<string, Resource>,
    outputs: Object.fromEntries(
      Object.entries(each(template.Outputs ?? {})).map(([name, all]) => [name, (all as Json).Value]),
    ),
  }

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((element) => element !== none)
    if (typeof value !== 'object' || value === null) return value
    const [[name, argument] = ['', undefined], ...others] = Object.entries(value)
    if (others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return applied(name, argument)
    if (others.length === 0 && name === 'Condition' && typeof argument === 'string') return held(argument)
    const members = Object.entries(value).map(([member, inner]) => [member, resolve(inner)] as const)
    return Object.fromEntries(members.filter(([, inner]) => inner !== none))
  }

  function applied(name: string, argument: unknown): unknown {
    if (name === 'Fn::If') {
      const [condition, one, other] = argument as [string, unknown, unknown]
      return resolve(held(condition) ? one : other)
    }
    if (name === 'Fn::Sub') return substituted(argument)
    if (name === 'Ref') return reference(argument as string)
    const values = resolve(argument) as unknown[]
    switch (name) {
      case 'Fn::GetAtt':
        return attribute(values[0] as string, values[1] as string)
      case 'Fn::Equals':
        return values[0] === values[1]
      case 'Fn::Not':
        return !values[0]
      case 'Fn::And':
        return values.every(Boolean)
      case 'Fn::Or':
        return values.some(Boolean)
      case 'Fn::Join':
        return (values[1] as string[]).join(values[0] as string)
      case 'Fn::Select':
        return (values[1] as unknown[])[Number(values[0])]
      case 'Fn::Split':
        return (values[1] as string).split(values[0] as string)
      case 'Fn::FindInMap': {
        const [map, first, second] = values as string[]
        const found = (template.Mappings?.[map!]?.[first!] as Json | undefined)?.[second!]
        if (found === undefined) throw new Error(`${path} has no ${values.join('.')}`)
        return found
      }
      default:
        throw new Error(`${path}: ${name} is not known here`)
    }
  }

  function reference(name: string): unknown {
    if (name === 'AWS::NoValue') return none
    if (name in pseudo) return pseudo[name]
    const parameter = template.Parameters?.[name] as { Type: string; Default?: unknown } | undefined
    if (parameter) {
      const value = parameters[name] ?? parameter.Default
      if (value === undefined) throw new Error(`${path}: the parameter ${name} has no default`)
      return /^(?:CommaDelimitedList|List<)/.test(parameter.Type) ? String(value).split(',') : value
    }
    return nameOf(name)
  }

  function nameOf(name: string): string {
    const resource = resources[name]
    if (!resource) throw new Error(`${path} has no ${name}`)
    if (!made(resource))
      throw new Error(`${path}: ${name} is not made under these conditions, and something refers to it`)
    if (resource.Type === 'AWS::S3::BucketPolicy') return resolve(resource.Properties.Bucket) as string
    if (resource.Type === 'AWS::S3::Bucket' && resource.Properties.BucketName)
      return resolve(resource.Properties.BucketName) as string
    return `flowferry-${name}`
  }

  function attribute(name: string, which: string): string {
    if (which.endsWith('Name')) return nameOf(name)
    const arn = arns[resources[name]?.Type ?? '']
    if (which !== 'Arn' || !arn) throw new Error(`${path}: ${name}.${which} is not known here`)
    return arn(nameOf(name))
  }

  function substituted(argument: unknown): string {
    const [text, own = {}] = (Array.isArray(argument) ? argument : [argument]) as [string, Json?]
    return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
      if (name in own) return String(resolve(own[name]))
      const [resource, which] = name.split('.')
      return String(which === undefined ? reference(resource!) : attribute(resource!, which))
    })
  }
}

/** The properties of a resource that is made; of another one nothing. */
export function propertiesOf({ resources }: Resolved, name: string): Properties {
  return resources[name]?.Properties ?? {}
}

/** The resources of a type, by their names. */
export function ofType({ resources }: Resolved, type: string): [string, Properties][] {
  return Object.entries(resources).flatMap(([name, { Type, Properties }]) =>
    Type === type ? [[name, Properties]] : [],
  )
}

/** The statements of all policies of a role. */
export function statementsOf(role: Resource | undefined): Record<string, unknown>[] {
  const policies = (role?.Properties.Policies ?? []) as { PolicyDocument: { Statement: Record<string, unknown>[] } }[]
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
}

/**
 * Whether a line of a log counts for a metric filter of one regular expression, of the signs that CloudWatch Logs takes:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html
 */
export function metricFilter(pattern: string): (line: string) => boolean {
  const [, expression] = /^%([A-Za-z0-9:_#=@/;,\-^$?[\]{}|\\*+.]+)%$/.exec(pattern) ?? []
  if (expression === undefined) throw new Error(`CloudWatch Logs takes no ${pattern}`)
  return (line) => new RegExp(expression).test(line)
}
