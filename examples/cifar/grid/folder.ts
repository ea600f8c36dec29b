/**
 * A folder of runs. Several processes may work in it, on several machines: each file is written whole or not at all, and a
 * run is one process's while it holds that run's lock.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FileLock, lockFile, readFileIfThere, writeFileAtomic } from 'kindling/io';
import { readJson } from '../../shared/files.js';
import { isObject, isPlan } from '../form.js';
import { GRID } from '../store.js';
import { differences, type GridStudy, type RunRecord, readRecord, recordText } from './record.js';

/** A run as its files are called. */
export interface Named {
  readonly id: string;
  readonly scenario: { readonly name: string };
  readonly seed: number;
}

const nameOf = ({ id, scenario, seed }: Named): string => `${scenario.name}-seed${seed}-${id.slice(0, 12)}`;

export class GridFolder {
  readonly folder: string;
  readonly study: GridStudy;

  private constructor(folder: string, study: GridStudy) {
    this.folder = folder;
    this.study = study;
  }

  /** A folder that holds runs of a study. @throws Error where it holds none, or is damaged */
  static async open(folder: string): Promise<GridFolder> {
    const path = join(folder, GRID);
    if (!existsSync(path)) {
      const whole = existsSync(join(folder, 'results.json'));
      throw new Error(
        whole
          ? `${folder} holds a study of one machine, not runs of --shard: its report is in it, and --resume goes on with it`
          : `${folder} holds no runs of --shard: there is no ${GRID} in it`,
      );
    }
    const study = (await readJson(path)) as unknown as GridStudy;
    if (study.format !== 1) throw new Error(`${path}: this version does not read format ${String(study.format)}`);
    const texts = [study.data, study.sources, study.location, study.host];
    if (!isObject(study.plan) || !isPlan(study.plan) || !texts.every((text) => typeof text === 'string')) {
      throw new Error(`${path} is damaged: it does not have the form of a study's. Put back a whole copy of it`);
    }
    return new GridFolder(folder, study);
  }

  /** Makes the folder or takes one of the same study. @throws Error saying what else it holds */
  static async take(folder: string, study: GridStudy): Promise<GridFolder> {
    const path = join(folder, GRID);
    await mkdir(folder, { recursive: true });
    if (!existsSync(path)) {
      const foreign = (await readdir(folder)).filter((name) => !name.startsWith(GRID));
      // Another process of the same study may have come between.
      if (foreign.length > 0 && !existsSync(path)) throw new Error(`${folder} is not empty: choose another --out`);
      if (!existsSync(path)) await writeFileAtomic(path, `${JSON.stringify(study, null, 1)}\n`);
    }
    const taken = await GridFolder.open(folder);
    const other = differences(taken.study, study);
    if (other.length > 0) {
      const { commit } = taken.study;
      const begun =
        commit === undefined || taken.study.sources === study.sources ? '' : ` It was begun at commit ${commit}.`;
      throw new Error(
        `${folder} is of another study, with other ${other.join(', other ')}: choose another --out.${begun}`,
      );
    }
    return taken;
  }

  /** All records, each checked. */
  async records(): Promise<{ path: string; record: RunRecord }[]> {
    const folder = join(this.folder, 'records');
    const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith('.json')).sort() : [];
    const found: { path: string; record: RunRecord }[] = [];
    for (const name of names) {
      const path = join(folder, name);
      found.push({ path, record: readRecord(await readFile(path, 'utf8'), path) });
    }
    return found;
  }

  recordPath(run: Named): string {
    return join(this.folder, 'records', `${nameOf(run)}.json`);
  }

  async record(run: Named): Promise<RunRecord | null> {
    const path = this.recordPath(run);
    const bytes = await readFileIfThere(path);
    return bytes && readRecord(new TextDecoder().decode(bytes), path);
  }

  async write(record: RunRecord): Promise<void> {
    const path = this.recordPath(record);
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, recordText(record));
    await rm(this.checkpointPath(record), { force: true });
  }

  checkpointPath(run: Named): string {
    return join(this.folder, 'state', `${nameOf(run)}.checkpoint`);
  }

  async saveCheckpoint(run: Named, bytes: Uint8Array): Promise<void> {
    await mkdir(join(this.folder, 'state'), { recursive: true });
    await writeFileAtomic(this.checkpointPath(run), bytes);
  }

  /** Waits until no other process is at this run. */
  lock(run: Named, onHeld: (who: string) => void): Promise<FileLock> {
    return lockFile(join(this.folder, 'state', `${nameOf(run)}.lock`), {
      onHeld: ({ pid, host }) => onHeld(pid === null ? 'another process' : `process ${pid} on ${host}`),
    });
  }
}
