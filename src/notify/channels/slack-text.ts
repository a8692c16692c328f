import type { Button, OutgoingMessage } from '../channel.ts';
import { URGENT_MARK } from './phone.ts';

interface RichText {
  readonly type: 'rich_text';
  readonly elements: readonly [{ readonly type: 'rich_text_section'; readonly elements: readonly Element[] }];
}

/** Buttons below the text; pressing one comes back as an interaction with its value. */
interface Actions {
  readonly type: 'actions';
  readonly block_id: 'kairos';
  readonly elements: readonly {
    readonly type: 'button';
    readonly action_id: string;
    readonly text: { readonly type: 'plain_text'; readonly text: string };
    readonly value: string;
    readonly style: 'primary' | 'danger';
  }[];
}

type Element =
  | { readonly type: 'text'; readonly text: string; readonly style?: { readonly bold: true } }
  | { readonly type: 'link'; readonly url: string };

/**
 * A message as Slack shows it. The block is not parsed for markup, so text from outside can neither format nor mention
 * anybody; links are found by us. `text` is what a phone shows in its notification, with `&`, `<` and `>` escaped.
 */
export function slackText({ text, urgent, buttons }: Pick<OutgoingMessage, 'text' | 'urgent' | 'buttons'>): {
  text: string;
  blocks: [RichText, ...Actions[]];
  parse: 'none';
  link_names: false;
} {
  const mark: Element[] = urgent ? [{ type: 'text', text: URGENT_MARK, style: { bold: true } }] : [];
  const elements = [...mark, ...elementsOf(text === '' ? '(no text)' : text)];
  return {
    text: escapeSlack(`${urgent ? URGENT_MARK : ''}${text}`),
    blocks: [
      { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] },
      ...(buttons === undefined ? [] : [actionsOf(buttons)]),
    ],
    parse: 'none',
    link_names: false,
  };
}

function actionsOf(buttons: readonly Button[]): Actions {
  return {
    type: 'actions',
    block_id: 'kairos',
    elements: buttons.map(({ label, value, weight }) => ({
      type: 'button',
      action_id: `kairos_${weight}`,
      text: { type: 'plain_text', text: label },
      value,
      style: weight === 'yes' ? 'primary' : 'danger',
    })),
  };
}

/** The three characters that begin anything in Slack's markup. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** An address up to the next space or quote; a full stop or bracket behind it belongs to the sentence. */
const LINK = /https?:\/\/[^\s<>"'`|]{1,2000}/g;
const TRAILING = /[.,;:!?)\]}…]+$/;

function elementsOf(text: string): Element[] {
  const elements: Element[] = [];
  let from = 0;
  for (const { 0: match, index } of text.matchAll(LINK)) {
    const url = match.replace(TRAILING, '');
    if (!URL.canParse(url)) continue;
    if (index > from) elements.push({ type: 'text', text: text.slice(from, index) });
    elements.push({ type: 'link', url });
    from = index + url.length;
  }
  if (from < text.length) elements.push({ type: 'text', text: text.slice(from) });
  return elements;
}
