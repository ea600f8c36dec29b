/** The kernel page's entry: draws it, and then, once it is seen, lets the worker look for a GPU. */
import { render } from 'preact';
import { keepTheme } from '../../page/state/theme.js';
import { App } from './app.js';
import { followLink, open } from './state/session.js';

keepTheme();
followLink();
const root = document.getElementById('page');
if (root) render(<App />, root);
// Behind the first paint.
requestAnimationFrame(() => setTimeout(open));
