/**
 * The formats that AWS delivers, by the names of their files: one line each, and the only list of them. Package exports,
 * build entries, size budgets, the command line, the pages in docs/formats and the tests of fixtures follow from it.
 *
 * A parser loads when it is asked for, so that whoever wants the names alone loads none.
 *
 * @example
 * const parser = await formats['vpc-flow']()
 * const parsers = await Promise.all(Object.values(formats).map((load) => load()))
 */
export const formats = {
  'vpc-flow': async () => (await import('./vpc-flow.ts')).vpcFlow,
  'transit-gateway': async () => (await import('./transit-gateway.ts')).transitGateway,
  alb: async () => (await import('./alb.ts')).albAccess,
  'alb-connection': async () => (await import('./alb-connection.ts')).albConnection,
  'alb-health-check': async () => (await import('./alb-health-check.ts')).albHealthCheck,
  nlb: async () => (await import('./nlb.ts')).nlbAccess,
  elb: async () => (await import('./elb.ts')).elbAccess,
  's3-access': async () => (await import('./s3-access.ts')).s3Access,
  cloudtrail: async () => (await import('./cloudtrail.ts')).cloudTrail,
  'network-firewall': async () => (await import('./network-firewall.ts')).networkFirewall,
  'network-firewall-proxy': async () => (await import('./network-firewall-proxy.ts')).networkFirewallProxy,
  waf: async () => (await import('./waf.ts')).waf,
  'route53-resolver': async () => (await import('./route53-resolver.ts')).route53Resolver,
  guardduty: async () => (await import('./guardduty.ts')).guardDuty,
  cloudfront: async () => (await import('./cloudfront.ts')).cloudFront,
  'cloudfront-real-time': async () => (await import('./cloudfront-real-time.ts')).cloudFrontRealTime,
  'cloudfront-connection': async () => (await import('./cloudfront-connection.ts')).cloudFrontConnection,
  vended: async () => (await import('./vended.ts')).vended,
} as const

/** Name of a format on the command line and in its import: `vpc-flow`. */
export type FormatName = keyof typeof formats
