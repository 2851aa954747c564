import type { ComponentChildren } from 'preact';

/** Figures that stand for themselves, each with what it is. */
export function Cards({ children }: { readonly children: ComponentChildren }) {
  return <ul class="cards">{children}</ul>;
}

export function Card({ value, label }: { readonly value: ComponentChildren; readonly label: string }) {
  return (
    <li>
      <b>{value}</b>
      <span>{label}</span>
    </li>
  );
}
