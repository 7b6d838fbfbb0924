import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/**
 * What the template deploys: the handler of `TARGET`, with the credentials of the secret. They are read when a sandbox
 * starts, and stand in no setting of the function, which more people may read than the secret.
 */
const { SEARCH_SECRET_ARN: SecretId, TARGET: target } = process.env
if (SecretId) Object.assign(process.env, await credentials(SecretId))

// A file beside this one. In one bundle the handler would be run before its settings are there.
const beside = new URL(`./${target === 'opensearch' ? 'opensearch' : 'elasticsearch'}.mjs`, import.meta.url)
export const { handler }: typeof import('./elasticsearch.ts') = await import(beside.href)

async function credentials(SecretId: string): Promise<Record<string, string>> {
  const asked = new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId }))
  const { SecretString = '' } = await asked.catch((cause: Error) => {
    // Of a name that ends in a hyphen and six characters no pattern tells whether Secrets Manager's own follow.
    const whole =
      'SEARCH_SECRET_ARN is its whole ARN, with the six characters that Secrets Manager puts behind the name'
    throw new Error(`The secret ${SecretId} cannot be read: ${cause.message}. ${whole}`, { cause })
  })
  const wanted = target === 'opensearch' ? ['username', 'password'] : ['apiKey']
  const found = Object.entries(parsed(SecretString))
    .filter(([name, value]) => wanted.includes(name) && typeof value === 'string' && value !== '')
    .map(([name, value]) => [name === 'apiKey' ? 'SEARCH_API_KEY' : `SEARCH_${name.toUpperCase()}`, value])
  if (found.length < wanted.length) {
    const shape = `{${wanted.map((name) => `"${name}": "…"`).join(', ')}}`
    throw new Error(`The secret ${SecretId} is to be ${shape}, JSON with these members`)
  }
  return Object.fromEntries(found)
}

/** Without the parser's error, which quotes what it read. */
function parsed(text: string): object {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
