/**
 * The folder a study leaves: `results.json` and, while it is unfinished, what it needs to go on. Files are replaced whole
 * or not at all, so that a run killed at any moment loses at most the steps since its last checkpoint.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeWhole } from '../shared/files.js';
import { refuseFile } from '../shared/options.js';
import type { Plan } from './options.js';
import type { StudyResults } from './results.js';

/** What `--resume` needs and a reader of `results.json` does not; its paths are this machine's. */
export interface ResumeState {
  readonly plan: Plan;
  /** The `--data` that gives the images again. */
  readonly location: string;
  /** SHA-256 of the images. */
  readonly fingerprint: string;
}

/** A study that was begun. */
export interface Opened {
  readonly store: Store;
  readonly results: StudyResults;
  readonly resume: ResumeState;
}

const RESUME = 'state/resume.json';

export class Store {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws Error where a new study in `folder` would touch what is there */
  static async refuse(folder: string): Promise<void> {
    refuseFile(folder);
    if (existsSync(join(folder, 'results.json'))) {
      throw new Error(`${folder} holds a study already: --resume ${folder} goes on with it, or choose another --out`);
    }
    if (existsSync(folder) && (await readdir(folder)).length > 0) {
      throw new Error(`${folder} is not empty: choose another --out`);
    }
  }

  /** A new study in an empty or absent folder. */
  static async create(folder: string): Promise<Store> {
    await Store.refuse(folder);
    await mkdir(join(folder, 'weights'), { recursive: true });
    await mkdir(join(folder, 'state'), { recursive: true });
    return new Store(folder);
  }

  /** @throws Error where `folder` holds no study to go on with */
  static async open(folder: string): Promise<Opened> {
    const [results, resume] = await Promise.all(
      ['results.json', RESUME].map(async (name) => {
        const path = join(folder, name);
        if (!existsSync(path)) throw new Error(`${folder} holds no study to resume: there is no ${name} in it`);
        return JSON.parse(await readFile(path, 'utf8'));
      }),
    );
    return { store: new Store(folder), results, resume };
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  write(name: string, content: string | Uint8Array): Promise<void> {
    return writeWhole(this.path(name), content);
  }

  saveResults(results: StudyResults): Promise<void> {
    return this.write('results.json', `${JSON.stringify(results, null, 1)}\n`);
  }

  saveResume(resume: ResumeState): Promise<void> {
    return this.write(RESUME, `${JSON.stringify(resume, null, 1)}\n`);
  }

  /** Bytes of a file, or null where there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return readIfThere(this.path(name));
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }
}

/** Files of one run. */
export const weightsFile = (scenario: string, seed: number): string => `weights/${scenario}-seed${seed}.safetensors`;
export const checkpointFile = (scenario: string, seed: number): string => `state/${scenario}-seed${seed}.checkpoint`;
export const predictionsFile = (scenario: string, seed: number): string => `state/${scenario}-seed${seed}.predictions`;
