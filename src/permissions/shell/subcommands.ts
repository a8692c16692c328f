/** Of programs that also install, publish or fetch: what stays in the workspace. Anything else of theirs is HIGH. */
export const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  npm: words(
    'test t tst run run-script start stop restart build ls list ll why explain pkg prefix root bin version help',
  ),
  pnpm: words('test t run start build lint ls list why root bin'),
  yarn: words('test run start build lint why list bin'),
  bun: words('test run build'),
  deno: words('test run check lint fmt info task bench'),
  cargo: words('build b check c test t run r clippy fmt doc bench clean tree metadata locate-project version'),
  go: words('build test vet run fmt list doc env version tool'),
  dotnet: words('build test run clean format'),
  bundle: words('exec check list show info'),
  gradle: words('build test check assemble tasks'),
  mvn: words('test compile package verify validate'),
};

function words(text: string): readonly string[] {
  return text.split(' ');
}
