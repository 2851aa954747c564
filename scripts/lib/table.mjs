/**
 * Rows of cells, below one another, with two spaces between the columns.
 *
 * @param rightFrom columns from this one on stand on the right, as numbers do
 */
export function tableOf(rows, { rightFrom = Number.POSITIVE_INFINITY } = {}) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const pad = (cell, column) =>
    column < rightFrom ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return rows.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
}
