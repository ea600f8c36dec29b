/** The topmost line of either page: whose it is, the way to the other one, and the colours. */
import { theme, toggleTheme } from '../state/theme.js';

/** @param other where the other page is, and what it is called */
export function TopBar({
  other: { href, name },
}: {
  readonly other: { readonly href: string; readonly name: string };
}) {
  return (
    <div class="top">
      <p class="brand">
        <svg viewBox="0 0 16 20" width="16" height="20" aria-hidden="true">
          <path d="M8 0c1 4 6 6 6 12a6 7 0 0 1-12 0c0-3 2-4 3-7 1 1 2 2 2 4 1-2 2-5 1-9z" />
        </svg>
        kindling
      </p>
      <nav class="pages" aria-label="Pages">
        <a href={href}>{name}</a>
        <button type="button" class="quiet" onClick={toggleTheme}>
          {theme.value === 'dark' ? 'Light' : 'Dark'}
          <span class="unseen"> colours</span>
        </button>
      </nav>
    </div>
  );
}
