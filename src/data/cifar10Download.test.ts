import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import {
  archive,
  batch,
  entries,
  FOLDER,
  here,
  load,
  pack,
  RECORDS,
  rootFiles,
  serveEach,
  serverUrl,
  sum,
} from '../../test/support/cifarServer.js';
import { serve } from '../../test/support/serve.js';
import { CIFAR10, type CIFAR10Options } from './cifar10.js';

serveEach();

const download = (options: Partial<CIFAR10Options> = {}) => load({ download: true, ...options });

describe('CIFAR10 downloaded', () => {
  it('is verified, unpacked and read, with progress, once for both splits', async () => {
    here.answer = serve(archive, { ranges: true });
    const seen: string[] = [];
    const onProgress: CIFAR10Options['onProgress'] = ({ stage, done, total }) => seen.push(`${stage} ${done}/${total}`);
    const [train, test] = await Promise.all([download({ split: 'train', onProgress }), download({ onProgress })]);
    expect([train.length, test.length]).toEqual([100, RECORDS]);
    expect(here.requests).toEqual([undefined]);
    expect(seen).toContain(`download ${archive.length}/${archive.length}`);
    expect(seen.at(-1)).toBe('unpack 368760/368760');
    expect(rootFiles()).toEqual([FOLDER, 'cifar-10-binary.tar.gz']);
    expect(await CIFAR10.available(here.root)).toBe(true);
    await load();
    expect(here.requests).toHaveLength(1);
  });

  it('is left to one of several processes, and to the next where that one is killed', async () => {
    const whole = serve(archive, { ranges: true });
    // The first gets a part, and waits for the rest.
    here.answer = (request, response) => {
      if (here.requests.length > 1) whole(request, response);
      else response.writeHead(200, { 'content-length': archive.length }).write(archive.subarray(0, 100_000));
    };
    const options = {
      root: here.root,
      split: 'train',
      download: true,
      url: `${serverUrl()}/`,
      md5: sum(archive),
      recordsPerFile: RECORDS,
    };
    const source = `
      import { CIFAR10 } from ${JSON.stringify(fileURLToPath(new URL('cifar10.ts', import.meta.url)))};
      const onProgress = ({ stage }) => { if (stage === 'wait') console.log('waiting'); };
      console.log((await CIFAR10.load({ ...${JSON.stringify(options)}, onProgress })).length);`;
    const start = () => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source]);
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += piece));
      return { child, said: () => text, ended: new Promise((done) => child.on('close', () => done(text))) };
    };
    const first = start();
    await vi.waitFor(() => expect(existsSync(join(here.root, 'cifar-10-binary.tar.gz.part'))).toBe(true), 20_000);
    const others = [start(), start()];
    await vi.waitFor(() => expect(others.map(({ said }) => said())).toEqual(['waiting\n', 'waiting\n']), 20_000);
    first.child.kill('SIGKILL');
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual(['waiting\n100\n', 'waiting\n100\n']);
    expect(here.requests).toEqual([undefined, 'bytes=100000-']);
    expect(rootFiles()).toEqual([FOLDER, 'cifar-10-binary.tar.gz']);
  });

  it('happens only when asked for', async () => {
    here.answer = serve(archive, { ranges: true });
    await expect(load()).rejects.toThrow(/has no data set. Set `download: true`.*give its path as `root`.*synthetic/);
    expect(await CIFAR10.available(here.root)).toBe(false);
    expect(here.requests).toEqual([]);
  });

  it('resumes when broken off in the middle', async () => {
    here.answer = serve(archive, { ranges: true, breakAfter: 100_000 });
    expect(await download()).toHaveLength(RECORDS);
    expect(here.requests.slice(0, 3)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('resumes in a later run', async () => {
    writeFileSync(join(here.root, 'cifar-10-binary.tar.gz.part'), archive.subarray(0, 12_345));
    here.answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
    expect(here.requests).toEqual(['bytes=12345-']);
  });

  it('starts over where the server ignores ranges', async () => {
    here.answer = serve(archive, { ranges: false, breakAfter: 100_000, times: 1 });
    expect(await download()).toHaveLength(RECORDS);
    expect(here.requests).toEqual([undefined, 'bytes=100000-']);
  });

  it('gives up where a server without ranges breaks off each time, keeps the part and says so', async () => {
    here.answer = serve(archive, { ranges: false, breakAfter: 100_000 });
    await expect(download()).rejects.toThrow(/cannot be downloaded.*100000 bytes are kept.*Or fetch/s);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz.part']);
  });

  it('takes a complete part as it is, and drops one that is too long', async () => {
    const part = join(here.root, 'cifar-10-binary.tar.gz.part');
    writeFileSync(part, archive);
    here.answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
    rmSync(join(here.root, FOLDER), { recursive: true });
    rmSync(join(here.root, 'cifar-10-binary.tar.gz'));
    writeFileSync(part, new Uint8Array(archive.length + 5));
    expect(await download()).toHaveLength(RECORDS);
  });

  it('sets a file with a wrong checksum aside', async () => {
    here.answer = serve(archive.subarray(0, 5000), { ranges: true });
    await expect(download()).rejects.toThrow(/does not have MD5 .* set aside as .*\.bad/);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz.bad']);
    here.answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
  });

  it('does not touch an archive of another checksum unless it may download', async () => {
    const path = join(here.root, 'cifar-10-binary.tar.gz');
    writeFileSync(path, 'mine');
    await expect(load()).rejects.toThrow(/give its own path as `root`/);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    here.answer = serve(archive, { ranges: true });
    expect(await download()).toHaveLength(RECORDS);
    expect(readFileSync(`${path}.bad`, 'utf8')).toBe('mine');
  });

  it.each([404, 403])('gives up at once on status %i', async (status) => {
    here.answer = (_, response) => response.writeHead(status).end();
    await expect(download()).rejects.toThrow(new RegExp(`answers ${status}.*Or fetch`));
    expect(here.requests).toHaveLength(1);
  });

  it('tries again after status 503', async () => {
    const good = serve(archive, { ranges: true });
    here.answer = (request, response) => {
      if (here.requests.length === 1) response.writeHead(503).end();
      else good(request, response);
    };
    expect(await download()).toHaveLength(RECORDS);
  });

  it('says what to do without a network', async () => {
    const refused = download({ url: 'http://127.0.0.1:1/x.tar.gz' });
    await expect(refused).rejects.toThrow(
      /cannot be downloaded \(.*\).*Or fetch .* give its path as `root`.*synthetic/,
    );
    await expect(refused).rejects.toThrow(expect.objectContaining({ name: 'KindlingError' }));
  });

  it.runIf(existsSync('/dev/full'))('says that the disk is full, and leaves nothing half done', async () => {
    symlinkSync('/dev/full', join(here.root, 'cifar-10-binary.tar.gz.part'));
    here.answer = serve(archive, { ranges: true });
    await expect(download()).rejects.toThrow(/the disk is full/);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz.part']);
  });

  it('leaves no folder behind where a file of a verified archive is damaged', async () => {
    const bad = pack(
      entries.map((entry) => (entry.name.endsWith('batch_5.bin') ? { ...entry, bytes: batch(5, 3) } : entry)),
    );
    here.answer = serve(bad, { ranges: true });
    await expect(download({ md5: sum(bad) })).rejects.toThrow(/data_batch_5\.bin is cut off/);
    expect(rootFiles()).toEqual(['cifar-10-binary.tar.gz']);
  });
});
