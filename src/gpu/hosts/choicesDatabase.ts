/** Choices of the tuner in a browser: IndexedDB, a record per adapter and key. */
import { type Choice, type Choices, isChoice } from './choice.js';

const STORE = 'tuning';

/** What Node takes from the environment; a page sets `globalThis.KINDLING_TUNE` before `init()`. */
export const tuneMode = (): string | undefined => (globalThis as { KINDLING_TUNE?: string }).KINDLING_TUNE;

/** Of what kind an adapter is to be taken for: `KINDLING_ASSUME` likewise. */
export const assumed = (): string | undefined => (globalThis as { KINDLING_ASSUME?: string }).KINDLING_ASSUME;

/** Where choices are stored, for people. */
export const choicesPlace = (): string => `IndexedDB "kindling" of ${globalThis.location?.origin}`;

export async function loadChoices(adapter: string): Promise<Choices> {
  try {
    const values = await transact<unknown[]>('readonly', (store) =>
      store.getAll(IDBKeyRange.bound([adapter], [adapter, []])),
    );
    const found = values.filter(isChoice);
    const broken = values.length - found.length;
    return { found, notes: broken > 0 ? [`${choicesPlace()}: ${broken} records are no tuned choices`] : [] };
  } catch (error) {
    return { found: [], notes: [`tuned choices are ignored: ${String(error)}`] };
  }
}

export async function saveChoices(adapter: string, choices: readonly Choice[]): Promise<void> {
  await transact('readwrite', (store) => {
    for (const one of choices) store.put(one, [adapter, one.key]);
  });
}

/** Forgets the choices of all adapters. */
export async function clearChoices(): Promise<void> {
  await transact('readwrite', (store) => store.clear());
}

function transact<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T> | IDBRequest<undefined> | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('kindling', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request?.result as T);
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}
