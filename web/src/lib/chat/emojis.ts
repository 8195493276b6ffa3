/** Those that are offered, by the names they have in the message files. */
export const frequent = [
	{ emoji: '👍', name: 'thumbsUp' },
	{ emoji: '👎', name: 'thumbsDown' },
	{ emoji: '❤️', name: 'heart' },
	{ emoji: '😂', name: 'laughing' },
	{ emoji: '🙂', name: 'smiling' },
	{ emoji: '😮', name: 'surprised' },
	{ emoji: '😢', name: 'sad' },
	{ emoji: '🙏', name: 'thanks' },
	{ emoji: '👏', name: 'clapping' },
	{ emoji: '🎉', name: 'celebration' },
	{ emoji: '🚀', name: 'rocket' },
	{ emoji: '💯', name: 'hundred' },
	{ emoji: '✅', name: 'done' },
	{ emoji: '❌', name: 'cross' },
	{ emoji: '👀', name: 'eyes' },
	{ emoji: '🤔', name: 'thinking' },
	{ emoji: '🔥', name: 'fire' },
	{ emoji: '⚠️', name: 'warning' },
	{ emoji: '🚨', name: 'alarm' },
	{ emoji: '🔧', name: 'wrench' },
	{ emoji: '🐛', name: 'bug' },
	{ emoji: '⏳', name: 'waiting' },
	{ emoji: '☕', name: 'coffee' },
	{ emoji: '👋', name: 'waving' }
] as const;

/** What stands beside a message for one press. */
export const quick = frequent.slice(0, 3);

const pictures = /^(\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3)/u;

/** One emoji and nothing else, without the space around it; null for anything else. The server decides which it knows. */
export function emojiIn(text: string): string | null {
	const typed = text.trim();
	const [first, second] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(typed);
	return first && !second && pictures.test(typed) ? typed : null;
}
