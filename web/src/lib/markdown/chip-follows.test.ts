import { expect, it } from 'vitest';
import { ChipFollows, chip_follows_max } from './chip-follows';

function rig(most?: number) {
	const followed: string[] = [];
	const follows = new ChipFollows((id) => {
		followed.push(id);
		return () => void followed.splice(followed.indexOf(id), 1);
	}, most);
	return { followed, follows };
}

it('follows a node once, however many chips it has, and on while it is out of view', () => {
	const { followed, follows } = rig();
	const ends = [follows.want('a'), follows.want('a')];
	for (const end of ends) end();
	expect(followed).toEqual(['a']);
	expect(follows.holds('a')).toBe(true);
});

it('makes room with what is out of view longest, never with what is in view', () => {
	const { followed, follows } = rig(2);
	const outOf = { a: follows.want('a'), b: follows.want('b') };
	follows.want('c');
	expect(followed, 'no room').toEqual(['a', 'b']);
	outOf.b();
	outOf.a();
	follows.want('a');
	follows.want('c');
	expect(followed).toEqual(['a', 'c']);
});

it('is bounded', () => {
	const { followed, follows } = rig();
	for (let n = 0; n < 100; n++) follows.want(`${n}`);
	expect(followed.length).toBe(chip_follows_max);
});

it('ends all with the last chip', () => {
	const { followed, follows } = rig();
	const leave = [follows.enter(), follows.enter()];
	follows.want('a')();
	follows.want('b');
	leave[0]?.();
	expect(followed).toEqual(['a', 'b']);
	leave[1]?.();
	expect(followed).toEqual([]);
	expect(follows.holds('b')).toBe(false);
});
