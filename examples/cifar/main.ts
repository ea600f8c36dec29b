/** `npm run example:cifar`: the study on this machine, a part of it (`--shard`), or parts put together (`merge`). */
import { program } from '../shared/program.js';
import { parse } from './options.js';

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'merge') {
    const { mergeCommand } = await import('./grid/command.js');
    return mergeCommand(argv.slice(1), process.stdout);
  }
  const options = parse(argv);
  if (options.shard) {
    const { workShard } = await import('./grid/work.js');
    return workShard(options, process.stdout);
  }
  const { trainWhole } = await import('./whole.js');
  // Standard output may be for JSON.
  return trainWhole(options, options.json ? process.stderr : process.stdout);
}

await program(main);
