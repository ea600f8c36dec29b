/** Winograd's filtering, which wins on software adapters alone: only they load it. */
import { adapter } from 'kindling';

export async function chooseKernels(): Promise<void> {
  if (!adapter().isSoftware) return;
  const { useWinograd } = await import('kindling/winograd');
  useWinograd();
}
