import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFile } from './lockNode.js';
import { readFileIfThere } from './readNode.js';
import { checkWritable, writeFileAtomic } from './writeNode.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindling-disk-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A process that runs `program`, which may use `lockFile`, `writeFileAtomic` and `folder`. @param before shell commands */
function start(program: string, before = ''): ChildProcess {
  const at = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
  const source = `
    import { appendFile, readFile, writeFile } from 'node:fs/promises';
    import { lockFile } from ${at('lockNode.ts')};
    import { writeFileAtomic } from ${at('writeNode.ts')};
    const folder = ${JSON.stringify(folder)};
    ${program}`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', source];
  return spawn('sh', ['-c', `${before} exec "$@"`, 'sh', ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
}
const said = async (child: ChildProcess): Promise<string> => String((await once(child.stdout as never, 'data'))[0]);

describe('readFileIfThere', () => {
  it('gives the bytes of a file, null where there is none, and says what it cannot read', async () => {
    const path = join(folder, 'a.bin');
    expect(await readFileIfThere(path)).toBeNull();
    await writeFile(path, Uint8Array.of(1, 2));
    expect(await readFileIfThere(path)).toEqual(Uint8Array.of(1, 2));
    expect(await readFileIfThere(join(path, 'within'))).toBeNull();
    expect(await readFileIfThere(folder)).toBeNull();
    await symlink('ring', join(folder, 'ring'));
    await expect(readFileIfThere(join(folder, 'ring'))).rejects.toThrow(
      /^readFileIfThere: .*ring cannot be read \(ELOOP/,
    );
  });
});

describe('checkWritable', () => {
  it('knows beforehand what cannot be written', async () => {
    await checkWritable('it', join(folder, 'a.bin'));
    await expect(checkWritable('it', join(folder, 'none', 'a'))).rejects.toThrow(
      /^it: .*none\/a cannot be written \(ENOENT/,
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('writeFileAtomic', () => {
  it('writes a new file, replaces one, and leaves nothing else', async () => {
    const path = join(folder, 'a.bin');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    expect([...(await readFile(path))]).toEqual([1, 2]);
    expect(await readdir(folder)).toEqual(['a.bin']);
  });

  it('replaces what a link leads to', async () => {
    await writeFile(join(folder, 'real'), 'old');
    await symlink(join(folder, 'real'), join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(await readFile(join(folder, 'real'), 'utf8')).toBe('new');
    await symlink('sub/later', join(folder, 'ahead'));
    await mkdir(join(folder, 'sub'));
    await writeFileAtomic(join(folder, 'ahead'), 'first');
    expect((await lstat(join(folder, 'ahead'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, 'sub', 'later'), 'utf8')).toBe('first');
    await symlink('ring', join(folder, 'ring'));
    await expect(writeFileAtomic(join(folder, 'ring'), 'x')).rejects.toThrow(/ring cannot be written \(ELOOP/);
  });

  it('lets nobody read what nobody else could', async () => {
    const path = join(folder, 'own');
    for (const mode of [0o600, 0o666]) {
      await writeFile(path, 'old');
      await chmod(path, mode);
      await writeFileAtomic(path, 'new');
      expect((await stat(path)).mode & 0o777).toBe(mode);
    }
  });

  it('says why it cannot, and leaves what was there', async () => {
    await expect(writeFileAtomic(join(folder, 'none', 'a'), 'x')).rejects.toThrow(
      /^writeFileAtomic: .*none\/a cannot be written \(ENOENT/,
    );
    await expect(writeFileAtomic(folder, 'x')).rejects.toThrow(/cannot be written/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves a whole file where processes that write the same one at a time are killed', async () => {
    const path = join(folder, 'shared');
    const whole = (fill: number): Buffer => Buffer.alloc(3_000_000, fill);
    await writeFileAtomic(path, whole(1));
    const loop = 'for (;;) await writeFileAtomic(folder + "/shared", Buffer.alloc(3_000_000, fill));';
    const writers = [2, 3].map((fill) => start(`const fill = ${fill}; console.log('begun'); ${loop}`));
    await Promise.all(writers.map(said));
    for (const writer of writers) {
      await new Promise((done) => setTimeout(done, 100));
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      const found = await readFile(path);
      expect(found.equals(whole(found[0] as number))).toBe(true);
    }
  });
});

describe('lockFile', () => {
  const path = (): string => join(folder, 'sub', 'it.lock');

  it('is held by one at a time', async () => {
    const lock = await lockFile(path());
    expect(lock.tookOver).toBeNull();
    const refuse = lockFile(path(), {
      onHeld: ({ pid }) => {
        throw new Error(`held by ${pid}`);
      },
    });
    await expect(refuse).rejects.toThrow(`held by ${process.pid}`);
    const order: string[] = [];
    const second = lockFile(path()).then((one) => {
      order.push('taken');
      return one;
    });
    await new Promise((done) => setTimeout(done, 150));
    order.push('released');
    await lock.release();
    await (await second).release();
    expect(order).toEqual(['released', 'taken']);
    expect(await readdir(join(folder, 'sub'))).toEqual([]);
  });

  it('counts right under processes that are killed while they hold it', async () => {
    await writeFile(join(folder, 'count'), '0');
    const hold = `
      const lock = await lockFile(folder + '/it.lock');
      if (lock.tookOver) await appendFile(folder + '/tookOver', lock.tookOver.pid + ' ');
      console.log('held');`;
    const killed = start(`${hold} await new Promise((done) => setTimeout(done, 60_000));`);
    await said(killed);
    const counters = Array.from({ length: 4 }, () =>
      start(`for (let i = 0; i < 5; i++) {
        ${hold}
        const count = Number(await readFile(folder + '/count', 'utf8'));
        await new Promise((done) => setTimeout(done, 5));
        await writeFile(folder + '/count', String(count + 1));
        await lock.release();
      }`),
    );
    const ended = Promise.all(counters.map((one) => once(one, 'exit')));
    killed.kill('SIGKILL');
    expect((await ended).map(([code]) => code)).toEqual([0, 0, 0, 0]);
    expect(await readFile(join(folder, 'count'), 'utf8')).toBe('20');
    expect(await readFile(join(folder, 'tookOver'), 'utf8')).toBe(`${killed.pid} `);
    expect((await readdir(folder)).sort()).toEqual(['count', 'tookOver']);
  });

  it('does not trust a number that another process has now, nor a silent holder elsewhere', async () => {
    const lock = await lockFile(path());
    const claim = JSON.parse(await readFile(path(), 'utf8'));
    await lock.release();
    const tookOver = async (change: object, age = 0): Promise<boolean> => {
      await writeFile(path(), JSON.stringify({ ...claim, ...change }));
      const then = new Date(Date.now() - age);
      await utimes(path(), then, then);
      const held = new Error('held');
      try {
        const taken = await lockFile(path(), {
          onHeld: () => {
            throw held;
          },
        });
        await taken.release();
        return taken.tookOver !== null;
      } catch (error) {
        expect(error).toBe(held);
        await rm(path());
        return false;
      }
    };
    expect(await tookOver({})).toBe(false);
    if (claim.began !== null) expect(await tookOver({ began: '1' })).toBe(true);
    expect(await tookOver({ machine: 'another' })).toBe(false);
    expect(await tookOver({ machine: 'another' }, 10 * 60_000)).toBe(true);
    await writeFile(path(), '');
    expect(await tookOver({ token: 1 })).toBe(false);
    expect(await tookOver({ token: 1 }, 10 * 60_000)).toBe(true);
  });

  it('leaves the lock to another who took it over', async () => {
    const program = `
      await lockFile(folder + '/it.lock');
      const claim = JSON.parse(await readFile(folder + '/it.lock', 'utf8'));
      await writeFile(folder + '/it.lock', JSON.stringify({ ...claim, token: 'of another' }));
      await lockFile(folder + '/own.lock');
      console.log('held');`;
    const child = start(program);
    await once(child, 'exit');
    expect(await readdir(folder)).toEqual(['it.lock']);
  });

  it('leaves nothing where the disk is full', async () => {
    const program = "await lockFile(folder + '/it.lock').catch((error) => console.log(error.message));";
    const child = start(program, "trap '' XFSZ; ulimit -f 0;");
    expect(await said(child)).toMatch(/^lockFile: .*it\.lock cannot be written \(EFBIG/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes the place of a link that leads nowhere, and names a folder in its place', async () => {
    await symlink('nowhere', join(folder, 'it.lock'));
    await (await lockFile(join(folder, 'it.lock'))).release();
    expect(await readdir(folder)).toEqual([]);
    await mkdir(join(folder, 'it.lock'));
    await expect(lockFile(join(folder, 'it.lock'))).rejects.toThrow(/^lockFile: .*it\.lock cannot be written \(EISDIR/);
  });
});
