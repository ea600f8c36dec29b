export async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}
