/** What is loaded late is a part of its own in the bundle, which runs when it is first needed: here that is all there is. */
export async function start(): Promise<void> {
  const { runCommand } = await import('../cli/commands.ts');
  await runCommand();
}
