import type { NoticeKind, Subscription } from '$lib/api/types';

/** How somebody is told of one thing. */
export interface Watch {
	/** By a subscription to the thing itself. */
	own: Subscription | null;
	/** By one to what it is part of, or to everything: the nearest first. */
	through: Subscription[];
}

/** `places`: what it is part of, outermost first. Those by a connection tell others than the viewer. */
export function watchOf(subscriptions: Subscription[], id: string, places: readonly { id: string }[]): Watch {
	const mine = subscriptions.filter((one) => !one.connection);
	const around = [...places.map((place) => place.id).reverse(), null];
	return {
		own: mine.find((one) => one.target?.id === id) ?? null,
		through: around.flatMap((place) => mine.find((one) => (one.target?.id ?? null) === place) ?? [])
	};
}

/** `'all'`, or those alone. None chosen is no choice. */
export type KindChoice = 'all' | NoticeKind[];

export function choiceOf(subscription: Subscription | null): KindChoice {
	const kinds = (subscription?.kinds ?? []) as NoticeKind[];
	return kinds.length > 0 ? kinds : 'all';
}

export function kindsOf(choice: KindChoice): NoticeKind[] {
	return choice === 'all' ? [] : choice;
}
