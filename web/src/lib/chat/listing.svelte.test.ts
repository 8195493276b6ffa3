import { flushSync } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '$lib/api/problem';
import type { ChatConnection, ChatState } from './connection';
import { Listing } from './listing.svelte';
import { message } from './testing/said';
import type { ChannelMark } from './types';

/** What the page has of chat. */
class FakeChat {
	last = $state(20);
	known = new SvelteMap<string, ChannelMark>();
	answered = $state(false);
	failed = $state.raw<ChatState['failed']>({ older: null, newer: null });
	reads: number[] = [];
	asked: unknown[] = [];

	messages = () => Array.from({ length: this.last }, (_, index) => message({ number: index + 1 }));
	state = () => ({ phase: 'ready', has_older: true, has_newer: false, seeking: false, problem: null, failed: this.failed });
	marks = () => this.known;
	marksAnswered = () => this.answered;
	read = (_: string, number: number) => void this.reads.push(number);
	history = async (_: string, seek: unknown) => void this.asked.push(seek);
}

let fake: FakeChat;
vi.mock('./chat.svelte', () => ({ chat: () => fake as unknown as ChatConnection }));
vi.mock('$lib/state/session.svelte', () => ({ session: { person: { id: 'kari' } } }));

const row_px = 40;
const window_px = 600;

describe('a channel that is read', () => {
	let listing: Listing;
	let end: () => void;
	/** The view: where its top is in the window, and how far it is scrolled. */
	let top: number;
	let view: { scrollTop: number; clientHeight: number; scrollHeight: number };
	let page: Map<string, (event: object) => void>;

	beforeEach(() => {
		vi.useFakeTimers();
		fake = new FakeChat();
		page = new Map();
		vi.stubGlobal('innerHeight', window_px);
		vi.stubGlobal('addEventListener', (type: string, act: () => void) => page.set(type, act));
		vi.stubGlobal('removeEventListener', () => undefined);
		vi.stubGlobal('ResizeObserver', class {
			observe() {}
			disconnect() {}
		});
		top = 0;
		let scrolled = 0;
		view = {
			get scrollTop() {
				return scrolled;
			},
			set scrollTop(to) {
				scrolled = Math.max(0, Math.min(this.scrollHeight - this.clientHeight, to));
			},
			clientHeight: 400,
			scrollHeight: fake.last * row_px
		};
		const at = (from: number, height: number) => ({ top: from, bottom: from + height });
		const rows = Array.from({ length: fake.last }, (_, index) => ({
			dataset: { number: String(index + 1) },
			isConnected: true,
			hasAttribute: () => true,
			getBoundingClientRect: () => at(top + index * row_px - view.scrollTop, row_px)
		}));
		const element = { children: [], addEventListener: () => undefined, removeEventListener: () => undefined, getBoundingClientRect: () => at(top, 400) };
		end = $effect.root(() => {
			listing = new Listing('c', undefined, () => null);
			$effect(() => listing.scroll.attach(Object.assign(view, element) as unknown as HTMLElement));
		});
		listing.list = { children: rows, querySelector: () => null } as unknown as HTMLElement;
		listing.looking = true;
	});
	afterEach(() => {
		end();
		vi.useRealTimers();
		vi.unstubAllGlobals();
	});

	const settled = async () => {
		flushSync();
		await vi.advanceTimersByTimeAsync(1_000);
		flushSync();
	};
	const mark = (read_number: number) => fake.known.set('c', { channel_id: 'c', last_number: 20, last_at: null, read_number, muted: false });

	it('waits for its mark, and no longer than until there is none', async () => {
		await settled();
		expect([fake.asked, fake.reads]).toEqual([[], []]);
		fake.answered = true;
		await settled();
		expect(fake.asked, 'history').toContain('older');
		expect(fake.reads).toEqual([20]);
	});

	it('sets the line by a mark that comes late, and by the first alone', async () => {
		top = window_px - 100; // two rows are seen
		fake.answered = true;
		await settled();
		expect(listing.line.after).toBeNull();
		mark(4);
		await settled();
		expect(listing.line.after).toBe(4);
		mark(9);
		await settled();
		expect(listing.line.after).toBe(4);
	});

	it('counts nothing as read that is below the window’s edge, until the page is scrolled', async () => {
		top = window_px - 100;
		mark(0);
		await settled();
		expect(view.scrollTop, 'at its end').toBe(400);
		expect(fake.reads, 'of the last ten two are within the window').toEqual([12]);
		top = window_px - 200;
		page.get('scroll')?.({ target: null });
		await settled();
		top = window_px - 400;
		page.get('scroll')?.({ target: null });
		await settled();
		expect(fake.reads).toEqual([12, 15, 20]);
	});

	it('reads on at no end where that was refused, and again by hand what was', async () => {
		const problem = new ApiError('unavailable', 503, null);
		fake.failed = { older: { seek: 'older', problem }, newer: null };
		mark(20);
		await settled();
		expect(fake.asked).toEqual([]);
		listing.again('newer');
		listing.again('older');
		expect(fake.asked).toEqual(['older']);
		fake.failed = { older: null, newer: { seek: { around: 7 }, problem } };
		listing.again('newer');
		expect(fake.asked).toContainEqual({ around: 7 });
	});
});
