/** A module of its own, so that a bundler can keep what draws pictures apart from what trains. */
export { synthetic } from 'kindling/data';
