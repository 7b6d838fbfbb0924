/** Services whose events change networks, as `event.provider` has them. */
export const networkServices = ['ec2', 'elasticloadbalancing', 'network-firewall', 'route53'].map(
  (service) => `${service}.amazonaws.com`,
)
