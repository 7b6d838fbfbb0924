import { least, middle, most } from './measure.mjs'
import { figure, table } from './page.mjs'

/**
 * Reads the results of interleaved runs.
 *
 * @param results A measurement's name to what its runs gave.
 * @param size An input's name to its records and its megabytes of gzip.
 */
export function createTables(results, size) {
  const million = (name) => results.get(name).map(({ cpu }) => (cpu / size(name.split(': ')[0]).records) * 1e6)
  /** CPU seconds per million, the least of the runs. */
  const cpu = (name) => least(million(name))

  /** How much dearer a row is than another: the middle of the pairs that ran one after the other. */
  const ratio = (name, other) => {
    const others = million(other)
    return middle(million(name).map((value, run) => value / others[run]))
  }

  /** Bytes that came out, for a record. */
  const recordBytes = (name) => results.get(name)[0].bytes / size(name.split(': ')[0]).records

  const cells = ({ name, input }, others) => {
    const runs = results.get(name)
    const { megabytes } = size(input)
    const peaks = runs.map(({ peak }) => peak).filter(Boolean)
    return [
      name,
      `${figure(cpu(name))} (${figure(most(million(name)))})`,
      ...others.map((other) => (results.has(other) && other !== name ? figure(ratio(name, other)) : '')),
      figure(megabytes / least(runs.map(({ seconds }) => seconds))),
      peaks.length > 0 ? most(peaks).toFixed(0) : '',
      runs[0].bytes ? recordBytes(name).toFixed(0) : '',
    ]
  }
  /** @param others Column's title to a function from a row to the row that it is compared with. */
  const rowsTable = (rows, others) => {
    const head = [
      'way',
      'CPU s per million',
      ...others.map(([title]) => title),
      'MB/s of gzip',
      'peak MB',
      'B a record',
    ]
    const lines = rows.map((row) =>
      cells(
        row,
        others.map(([, other]) => other(row)),
      ),
    )
    return table(head, lines)
  }
  return { ratio, recordBytes, rowsTable }
}
