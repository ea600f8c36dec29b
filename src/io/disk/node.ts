export { lockFile } from './lockNode.js';
export { writeFileAtomic } from './writeNode.js';
