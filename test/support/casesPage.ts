/** The page's side of a program that runs a folder of cases with `--host browser`. */
export interface Host {
  call(name: string, ...args: unknown[]): Promise<unknown>;
}

export interface CasesOptions {
  /** Names of the folder's files. */
  files: readonly string[];
  read: (name: string) => Promise<Uint8Array>;
  /** Ops to run; all where empty. */
  only?: readonly string[];
  /** Ops to leave out. */
  except?: readonly string[];
  progress?: (line: string) => void;
}

export const casesPage =
  (run: (options: CasesOptions) => Promise<unknown>) =>
  (host: Host, input: { files: string[]; only: string[]; except: string[] }): Promise<unknown> =>
    run({
      ...input,
      read: async (name) => {
        const response = await fetch(`/cases/${encodeURIComponent(name)}`);
        if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
        return new Uint8Array(await response.arrayBuffer());
      },
      progress: (line) => void host.call('progress', line),
    });
