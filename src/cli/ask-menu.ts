import { confirm, isCancel, log, password, select, text } from '@clack/prompts';
import { left, type Asker, type TextQuestion } from './ask.ts';

/** Questions as menus, with the arrow keys. */
export function openMenuAsker(): Asker {
  return {
    async text(question) {
      const { message, otherwise } = question;
      const answer = await text({
        message,
        ...(otherwise ? { initialValue: otherwise } : {}),
        validate: (given) => problemWith(question, given),
      });
      return taken(answer, question);
    },
    async secret(question) {
      const answer = await password({
        message: question.message,
        validate: (given) => problemWith(question, given),
      });
      return taken(answer, question);
    },
    async choose({ message, options }) {
      const answer = await select<string>({ message, options: [...options] });
      const found = options.find(({ value }) => value === answer);
      if (isCancel(answer) || found === undefined) throw left();
      return found.value;
    },
    async confirm(message, otherwise) {
      const answer = await confirm({ message, initialValue: otherwise });
      if (isCancel(answer)) throw left();
      return answer;
    },
    say: (words) => log.message(words.split('\n')),
    close: () => undefined,
  };
}

function problemWith({ otherwise, check }: TextQuestion, given: string | undefined): string | undefined {
  const answer = given?.trim() || otherwise;
  const expected = check(answer ?? '');
  return expected === undefined ? undefined : `Expected ${expected}.`;
}

function taken(answer: string | symbol, { otherwise = '' }: TextQuestion): string {
  if (typeof answer !== 'string') throw left();
  return answer.trim() || otherwise;
}
