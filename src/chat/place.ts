/**
 * The conversation that a place belongs to: on Telegram the chat, or a topic of it; on Slack a thread, or a person's direct
 * messages. What is said in one is remembered in it.
 *
 * @param place As `readTelegram` and `readSlack` make it.
 */
export function conversationOf(channel: string, place: string): string {
  // Numbers are Telegram's; the second is the message that is answered.
  const [chat = '', , topic] = place.split('/');
  if (!/^-?\d+$/.test(chat)) return `${channel} ${place}`;
  return topic === undefined ? `${channel} ${chat}` : `${channel} ${chat}/${topic}`;
}
