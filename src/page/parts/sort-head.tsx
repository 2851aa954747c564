export type Order = 'asc' | 'desc';

interface SortHeadProps<Sort extends string> {
  readonly label: string;
  readonly by: Sort;
  /** What the rows are sorted by now. */
  readonly sort: Sort;
  readonly order: Order;
  /** The order that is usual for it. */
  readonly usual?: Order;
  onSort(by: Sort, order: Order): void;
}

/** The head of a column by which the rows can be sorted: a button, for the mouse and for the keyboard. */
export function SortHead<Sort extends string>(props: SortHeadProps<Sort>) {
  const { label, by, sort, order, usual = 'desc', onSort } = props;
  const isSorted = sort === by;
  const next = isSorted ? (order === 'asc' ? 'desc' : 'asc') : usual;
  return (
    <th
      scope="col"
      aria-sort={isSorted ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
      class="sorted"
    >
      <button type="button" class="plain" onClick={() => onSort(by, next)}>
        {label}
        <span class="arrow" aria-hidden="true">
          {isSorted ? (order === 'asc' ? '↑' : '↓') : ''}
        </span>
      </button>
    </th>
  );
}
