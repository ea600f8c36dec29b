/** Prints the shaders whose name begins with what is given: `npm run wgsl -- conv2d`. Without a name, lists them. */
import { catalogue } from '../test/support/catalogue.js';

const [wanted] = process.argv.slice(2);
const kernels = catalogue();
if (wanted === undefined) {
  for (const name of new Set(kernels.map((kernel) => kernel.name))) console.log(name);
} else {
  const found = kernels.filter(({ name }) => name.startsWith(wanted));
  if (found.length === 0) throw new Error(`no kernel's name begins with "${wanted}": npm run wgsl lists them`);
  for (const { name, workgroups, wgsl } of found)
    console.log(`// ${name}, ${workgroups.join(' × ')} workgroups\n${wgsl}`);
}
