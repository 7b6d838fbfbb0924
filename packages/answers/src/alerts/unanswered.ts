import { unanswered } from '../questions/unanswered.ts'
import { defineAlert } from './alert.ts'
import { tried } from './network.ts'

/** Of the tries of a service, those without an answer. Below it some clients fail, and most do not. */
const leastShare = 0.2

export const serviceUnanswered = defineAlert({
  name: 'service-unanswered',
  title: 'An own service does not answer',
  severity: 'high',
  formats: ['aws.vpcflow'],
  window: '15m',
  every: '5m',
  by: { 'destination.ip': { heading: 'service' }, 'destination.port': { heading: 'port', unit: 'code' } },
  numbers: {
    unanswered: { heading: 'unanswered' },
    refused: { heading: 'refused' },
    answered: { heading: 'answered' },
    clients: { heading: 'clients' },
    share: { heading: 'share', unit: 'share' },
  },
  counts: ['unanswered'],
  threshold: 20,
  ask: 'unanswered',
  pair: { filters: tried },
  because: 'whether a reply came back is told by the mirrored records, and a query joins none',
  know: 'UDP does not count: silence is normal there. Neither do single clients, below a fifth of all connections to the service. Where the flow log of the service keeps no replies (half-logged pairs, asymmetric ways), leave the service out: { field: "destination.ip", cidr: "10.0.9.12" }.',
  steps: async (ask, { span }, { own, threshold }) => {
    const { rows, ...rest } = await unanswered.steps(ask, span, { own, limit: 100_000 })
    const found = rows.flatMap((row) => {
      const [silent, answered, refused] = [row.unanswered, row.answered, row.refused].map(Number) as [
        number,
        number,
        number,
      ]
      const share = silent / (silent + answered + refused)
      if (silent < threshold || share < leastShare) return []
      const { reset: _, ...shown } = row
      return [{ ...shown, share: Math.round(share * 1000) / 1000 }]
    })
    return { rows: found, ...rest }
  },
})
