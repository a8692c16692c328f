/** A time zone in which it is about noon: nothing of the night is due, at whatever hour the tests are run. */
export function zoneAtNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  // In these names the sign is the other way round.
  return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}
