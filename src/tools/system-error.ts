/** Whether something thrown is a system error, optionally with one of these codes. */
export function isSystemError(thrown: unknown, ...codes: readonly string[]): thrown is NodeJS.ErrnoException {
  if (!(thrown instanceof Error)) return false;
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  return typeof code === 'string' && (codes.length === 0 ? syscall !== undefined : codes.includes(code));
}
