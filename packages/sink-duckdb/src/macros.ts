import type { DuckDBConnection } from '@duckdb/node-api'

const byte = (place: number): string => `TRY_CAST(split_part(ip, '.', ${place}) AS UTINYINT)::BIGINT`
/** An IPv4 address as a number; NULL for everything else. */
const number4 = `CASE WHEN split_part(ip, '.', 5) = '' THEN
    (${byte(1)} << 24) + (${byte(2)} << 16) + (${byte(3)} << 8) + ${byte(4)} END`

const groups = (part: string): string => `list_filter(string_split(${part}, ':'), lambda one: one <> '')`
/** Groups before `::`, which stands for those that are missing, and behind it. */
const left = groups("split_part(ip, '::', 1)")
const right = groups("split_part(ip, '::', 2)")

/** Macros that a file brings, for whoever opens it. DuckDB has them in an extension, which it would have to download. */
const macros = [
  `flowferry_ip4(ip) AS ${number4}`,
  `flowferry_ip6(ip) AS CASE WHEN regexp_full_match(ip, '[0-9a-fA-F:]*:[0-9a-fA-F:]*') THEN array_to_string(
      list_transform(${left}, lambda one: lpad(one, 4, '0'))
        || list_transform(range(CASE WHEN contains(ip, '::') THEN 8 - len(${left}) - len(${right}) ELSE 0 END), lambda _: '0000')
        || list_transform(CASE WHEN contains(ip, '::') THEN ${right} ELSE [] END, lambda one: lpad(one, 4, '0')), '') END`,
  `flowferry_bits6(ip, n) AS left(flowferry_ip6(ip), n // 4) || (CASE WHEN n % 4 = 0 THEN '' ELSE
      CAST(CAST('0x' || substr(flowferry_ip6(ip), n // 4 + 1, 1) AS INTEGER) >> (4 - n % 4) AS VARCHAR) END)`,
  `in_cidr(ip, cidr) AS coalesce(CASE WHEN contains(cidr, ':')
    THEN flowferry_bits6(lower(ip), split_part(cidr, '/', 2)::INTEGER)
      = flowferry_bits6(lower(split_part(cidr, '/', 1)), split_part(cidr, '/', 2)::INTEGER)
    ELSE flowferry_ip4(ip) >> (32 - split_part(cidr, '/', 2)::INTEGER)
      = flowferry_ip4(split_part(cidr, '/', 1)) >> (32 - split_part(cidr, '/', 2)::INTEGER) END, false)`,
]

export async function createMacros(connection: DuckDBConnection): Promise<void> {
  for (const macro of macros) await connection.run(`CREATE MACRO IF NOT EXISTS ${macro}`)
}
