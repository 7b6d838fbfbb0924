/** The table of a dataset: `aws.vpcflow` is `aws_vpcflow`. */
export function tableName(dataset: string): string {
  return dataset.replace(/[^A-Za-z0-9]+/g, '_').toLowerCase()
}

/** A name or a text as SQL writes it. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`
