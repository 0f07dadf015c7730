/** Tables of numbers: what a row is about stands in its head, so that few columns are left and a telephone has room for them. */
import { escapeHtml as e } from '../blockpage/escape.ts'

export type Row =
  | {
      readonly head: string
      /** Further lines of the head. */
      readonly below?: readonly string[]
      readonly cells: readonly string[]
    }
  /** Stands over the rows that follow. */
  | { readonly group: string }

/** `none` stands there where there are no rows. */
export function table(caption: string, heads: readonly string[], rows: readonly Row[], none: string): string {
  const title = `<h2>${e(caption)}</h2>`
  if (rows.length === 0) return `${title}\n<p>${e(none)}</p>`
  const head = heads.map(text => `<th scope="col">${e(text)}</th>`).join('')
  const body = rows.map(row => rowHtml(row, heads.length)).join('\n')
  return `${title}
<div class="wide" tabindex="0" role="region" aria-label="${e(caption)}"><table><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table></div>`
}

function rowHtml(row: Row, columns: number): string {
  if ('group' in row) return `<tr class="group"><th scope="rowgroup" colspan="${columns}">${e(row.group)}</th></tr>`
  const below = (row.below ?? []).map(line => `<small><bdi>${e(line)}</bdi></small>`).join('')
  const cells = row.cells.map(text => `<td>${e(text)}</td>`).join('')
  return `<tr><th scope="row"><bdi>${e(row.head)}</bdi>${below}</th>${cells}</tr>`
}
