export { openGrowing, writer } from './appendNode.js';
export { lockFile } from './lockNode.js';
export { readFileIfThere } from './readNode.js';
export { checkWritable, writeFileAtomic } from './writeNode.js';
