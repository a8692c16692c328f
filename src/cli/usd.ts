/** An amount as people read it: `$1.20`, and `$0.0042` where cents say nothing. */
export function usd(amount: number): string {
  return `$${amount.toFixed(amount !== 0 && amount < 0.1 ? 4 : 2)}`;
}
