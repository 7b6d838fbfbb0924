import { describe, expect, test } from 'vitest'
import { printable, redact } from './text.ts'

describe('redact', () => {
  test.each([
    ['https://user:s3cr3t@host:9200/_bulk failed', 'https://***@host:9200/_bulk failed'],
    ['https://user:p@s3cr3t@host:9200/_bulk', 'https://***@host:9200/_bulk'],
    ['https://user:p@s/s3cr3t@host:9200/_bulk', 'https://***@host:9200/_bulk'],
    ['https://user:p/s3cr3t@host', 'https://***@host'],
    ['https://user:9-s3cr3t@host', 'https://***@host'],
    ['https://u:s3cr3t@a,https://u:s3cr3t@b', 'https://***@a,https://***@b'],
    ['https://s3cr3t@host/x', 'https://***@host/x'],
    ['Authorization: Basic s3cr3t==', 'Authorization: Basic ***'],
    ['authorization":"Basic s3cr3t"', 'authorization":"Basic ***"'],
    ['Authorization: Bearer s3cr3t.b.c', 'Authorization: Bearer ***'],
    ['Authorization: ApiKey s3cr3t==', 'Authorization: ApiKey ***'],
    [
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/2026/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=s3cr3t',
      'AWS4-HMAC-SHA256 Credential=***/2026/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=***',
    ],
    ['https://cdn/x?Expires=1&Signature=s3cr3t&Key-Pair-Id=K', 'https://cdn/x?Expires=1&Signature=***&Key-Pair-Id=K'],
    [
      'https://s3/x?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2026&X-Amz-Signature=s3cr3t&X-Amz-Security-Token=s3cr3t',
      'https://s3/x?X-Amz-Credential=***&X-Amz-Signature=***&X-Amz-Security-Token=***',
    ],
    ['The Access Key Id AKIAIOSFODNN7EXAMPLE does not exist', 'The Access Key Id *** does not exist'],
    ['x-amz-security-token: s3cr3t', 'x-amz-security-token: ***'],
    ['AWS_SECRET_ACCESS_KEY=s3cr3t/K7', 'AWS_SECRET_ACCESS_KEY=***'],
    ['secretAccessKey: s3cr3t', 'secretAccessKey: ***'],
    ['"SecretAccessKey":"s3cr3t"', '"SecretAccessKey":"***"'],
    ['secret=s3cr3t', 'secret=***'],
    ['client_secret=s3cr3t&x=1', 'client_secret=***&x=1'],
    ['secretKey: s3cr3t', 'secretKey: ***'],
    ['aws_session_token = s3cr3t', 'aws_session_token = ***'],
    ['apiKey: s3cr3t', 'apiKey: ***'],
    ['api-key: s3cr3t', 'api-key: ***'],
    ['x-api-key: s3cr3t', 'x-api-key: ***'],
    ["'api_key': 's3cr3t'", "'api_key': '***'"],
    ['passwd=s3cr3t', 'passwd=***'],
    ['The token s3cr3t is invalid', 'The token *** is invalid'],
    ['login with password s3cr3t, refused', 'login with password ***, refused'],
    ['the password is "s3cr3t"', 'the password is ***'],
    ['the API key s3cr3t was revoked', 'the API key *** was revoked'],
    ['secret access key s3cr3t/K7', 'secret access key ***'],
    ['cannot reach elastic:s3cr3t@search:9200', 'cannot reach ***@search:9200'],
    ['proxy elastic:p-s3cr3t@[::1]:3128 refused', 'proxy ***@[::1]:3128 refused'],
    ['cookie: sid=s3cr3t; path=/', 'cookie: ***'],
    ['Set-Cookie: sid=s3cr3t; path=/\nx: y', 'Set-Cookie: ***\nx: y'],
    ['{"cookie":"sid=s3cr3t; a=b","x":1}', '{"cookie":"***","x":1}'],
    ['Authorization: s3cr3t', 'Authorization: ***'],
    ['Proxy-Authorization: NTLM s3cr3t==', 'Proxy-Authorization: NTLM ***'],
    ['jwt eyJhbGciOi.eyJzdWIi.s3cr3t refused', 'jwt *** refused'],
    ['pwd=s3cr3t', 'pwd=***'],
    ['password: "a s3cr3t, of words" }', 'password: "***" }'],
    [String.raw`{\"password\":\"s3cr3t\"}`, String.raw`{\"password\":\"***"}`],
  ])('hides the secret in %s', (text, shown) => {
    expect(redact(text)).toBe(shown)
    expect(redact(text)).not.toContain('s3cr3t')
  })

  test.each([
    's3://logs/team@payments/2026/x.gz',
    's3://logs/api-key-report/signature/password.gz',
    'http://127.0.0.1:9200/_bulk answered 503',
    'http://127.0.0.1:9200/users/a@b',
    'http://[::1]:9200/users/a@b',
    'https://github.com/flowferry/flowferry/blob/main/docs/errors.md#target_failed and mail a@b',
    'SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided',
    'signatureVersion: v4',
    'The API key is missing',
    'no password was given',
    'tokens: 5, keys: 3',
    `Unexpected token '<', "<html>" is not valid JSON`,
    'Unexpected token } in JSON at position 3',
    'The security token included in the request is invalid',
    'The provided token has expired',
    'The password has 8 characters',
    'arn:aws:sts::123456789012:assumed-role/reader/team@payments',
    'at 12:30 to mailto:team@payments.example',
    's3://logs/AWSLogs/123456789012/a:b/c@d.gz',
    'failed to parse field [source.ip] of type [ip] in document with id x',
    'Send less at once, or scale it. [TARGET_OVERLOADED]',
    'arn:aws:sqs:us-east-1:123456789012:main',
  ])('leaves %s as it is', (text) => {
    expect(redact(text)).toBe(text)
  })

  test('reads a long text once', () => {
    // Quadratic, it would take minutes.
    const began = process.cpuUsage()
    for (const part of [
      '//a:',
      '//',
      'a:',
      'token ',
      'cookie:',
      'eyJaaaaa.',
      'password',
      'secret-',
      '"password":"',
      'token=\\',
    ])
      redact(part.repeat(200_000 / part.length))
    const { user } = process.cpuUsage(began)
    expect(user / 1e6).toBeLessThan(20)
  })
})

describe('printable', () => {
  test.each([
    ['logs/a b+ü/日.gz', 'logs/a b+ü/日.gz'],
    ['a\u001b[2Jb', String.raw`a\u001b[2Jb`],
    ['a\r\n\tb', String.raw`a\r\n\tb`],
    ['a\u007f\u009b\u0085', String.raw`a\u007f\u009b\u0085`],
    ['gz.\u202elog\u2066', String.raw`gz.\u202elog\u2066`],
    ['a\u2028b\ufeff', String.raw`a\u2028b\ufeff`],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown)
    expect(printable(shown)).toBe(shown)
  })
})
