/** Dark or light: as the system has it until the reader chooses, and as they chose from then on. */
import { signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
const KEY = 'kindling-theme';

function stored(): Theme | null {
  try {
    const found = localStorage.getItem(KEY);
    return found === 'light' || found === 'dark' ? found : null;
  } catch {
    // Storage may be forbidden.
    return null;
  }
}

let chosen = stored();
export const theme = signal<Theme>(chosen ?? (dark.matches ? 'dark' : 'light'));

export function keepTheme(): void {
  show();
  dark.addEventListener('change', () => {
    if (chosen) return;
    theme.value = dark.matches ? 'dark' : 'light';
    show();
  });
}

export function toggleTheme(): void {
  chosen = theme.value === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // It holds for this visit.
  }
  theme.value = chosen;
  show();
}

function show(): void {
  document.documentElement.dataset.theme = theme.value;
}

/** The colour that a custom property of the style has now. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
