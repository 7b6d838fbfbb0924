/** The two search servers, asked alike by plain HTTP, so that no client of ours proves itself. */
export type EngineName = 'elasticsearch' | 'opensearch'

export interface Hit {
  readonly _id: string
  readonly _source: Record<string, unknown>
}

export function searchServer(url: string) {
  const ask = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!response.ok && response.status !== 404)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, unknown>
  }
  const search = async (index: string, body: object): Promise<{ total: number; hits: Hit[] }> => {
    await ask('POST', `/${index}/_refresh`)
    const { hits } = (await ask('POST', `/${index}/_search`, {
      size: 1000,
      track_total_hits: true,
      ...body,
    })) as unknown as {
      hits: { total: { value: number }; hits: Hit[] }
    }
    return { total: hits.total.value, hits: hits.hits }
  }
  return {
    url,
    ask,
    search,
    count: async (index: string, query: object = { match_all: {} }) => (await search(index, { size: 0, query })).total,
    removeStreams: async () => {
      for (const stream of [
        'logs-aws.vpcflow-default',
        'logs-aws.cloudtrail-default',
        'logs-aws.cloudfront_logs-default',
      ])
        await ask('DELETE', `/_data_stream/${stream}`)
    },
  }
}
