/** The page's entry: draws it, and then, once it is seen, lets the worker look for a GPU. */
import { render } from 'preact';
import { App } from './app.js';
import { watchChoice } from './state/cifar10.js';
import { watchFrames } from './state/frames.js';
import { keepOffline } from './state/offline.js';
import { keepLink } from './state/plan.js';
import { open } from './state/session.js';
import { keepTheme } from './state/theme.js';

keepTheme();
keepLink();
const root = document.getElementById('page');
if (root) render(<App />, root);
performance.mark('kindling: interactive');
// Behind the first paint.
requestAnimationFrame(() =>
  setTimeout(() => {
    watchFrames();
    performance.mark('kindling: worker');
    open();
    watchChoice();
    keepOffline();
  }),
);
