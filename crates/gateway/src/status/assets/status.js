// Keeps a status page level with the server: told by the live socket that something has changed, it fetches the page
// again and swaps the parts that differ. Without it the page is complete, and says how old it is.
(() => {
	'use strict';
	const { slug } = document.body.dataset;
	const live = document.getElementById('live');
	const asOf = document.getElementById('as-of');
	if (!slug || !live || !asOf) return;
	const ping_ms = 10_000;
	const silent_max_ms = 25_000;
	const stale_ms = 5_000;
	const pause_max_ms = 30_000;
	// Bars have a day's end, and proxies may hold a socket open that is dead.
	const anyway_ms = 300_000;
	let etag = document.body.dataset.etag ?? '';
	let pause_ms = 500;
	let heard_at = 0;
	let fetching = false;
	let again = false;
	let ended = false;

	const parts = (root) => [...root.querySelectorAll('[data-part]')];
	const shown = new Map(parts(document).map((part) => [part.dataset.part, part.innerHTML]));

	function say(state) {
		live.dataset.state = state;
		const text = live.dataset[state] ?? '';
		if (live.textContent !== text) live.textContent = text;
	}

	function tellFresh(iso) {
		const at = new Date(iso);
		if (Number.isNaN(at.getTime())) return;
		asOf.dateTime = iso;
		asOf.textContent = at.toLocaleTimeString(document.documentElement.lang);
	}

	/** Times as the reader's clock has them; the exact one on hover. */
	function localise(root) {
		const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
		for (const time of root.querySelectorAll('time[data-local]')) {
			const at = new Date(time.dateTime);
			if (Number.isNaN(at.getTime())) continue;
			time.title = time.dateTime;
			time.textContent = format.format(at);
		}
	}

	/** What is open stays open, what has the focus keeps it, and what is read stays where it is. */
	function replace(part, html) {
		const open = new Set([...part.querySelectorAll('details[open]')].map((details) => details.id));
		const focused = part.contains(document.activeElement) ? document.activeElement.id : '';
		const before = part.getBoundingClientRect();
		part.innerHTML = html;
		for (const details of part.querySelectorAll('details')) if (open.has(details.id)) details.open = true;
		localise(part);
		if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
		if (before.bottom < 0) window.scrollBy(0, part.getBoundingClientRect().height - before.height);
	}

	function swap(text) {
		const page = new DOMParser().parseFromString(text, 'text/html');
		for (const next of parts(page)) {
			const name = next.dataset.part;
			const part = document.querySelector(`[data-part="${name}"]`);
			if (!part || shown.get(name) === next.innerHTML) continue;
			shown.set(name, next.innerHTML);
			part.className = next.className;
			replace(part, next.innerHTML);
		}
		document.title = page.title;
		const fresh = page.getElementById('as-of');
		if (fresh) tellFresh(fresh.dateTime);
	}

	async function refresh() {
		if (fetching) {
			again = true;
			return;
		}
		fetching = true;
		try {
			const headers = { Accept: 'text/html', 'If-None-Match': etag };
			const signal = AbortSignal.timeout(15_000);
			const response = await fetch(location.pathname + location.search, { headers, cache: 'no-store', signal });
			if (response.status === 404) {
				ended = true;
				say('gone');
			} else if (response.ok) {
				swap(await response.text());
				etag = response.headers.get('ETag') ?? '';
			}
		} catch {
			// It says that it is not live; the next signal, or the next connection, asks again.
		}
		fetching = false;
		if (again) {
			again = false;
			refresh();
		}
	}

	function heard(socket, message) {
		heard_at = Date.now();
		if (message.type === 'subscribed') {
			pause_ms = 500;
			ended = false;
			say('live');
			refresh();
			socket.send('{"type":"ping"}');
		} else if (message.type === 'changed') {
			refresh();
		} else if (message.type === 'pong') {
			const age_ms = new Date(message.server_time).getTime() - new Date(message.fresh_at ?? 0).getTime();
			if (age_ms <= stale_ms && live.dataset.state !== 'gone') {
				say('live');
				tellFresh(message.fresh_at);
			} else if (live.dataset.state === 'live') {
				say('away');
			}
		} else if (message.type === 'error') {
			socket.close();
		} else if (message.type === 'lifecycle' && message.retry_after_ms) {
			pause_ms = message.retry_after_ms;
		}
	}

	function connect() {
		const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`);
		heard_at = Date.now();
		const pings = setInterval(() => {
			if (Date.now() - heard_at > silent_max_ms) socket.close();
			else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
		}, ping_ms);
		socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', id: 'page', topic: `status:${slug}` }));
		socket.onmessage = (event) => {
			try {
				heard(socket, JSON.parse(event.data));
			} catch {
				socket.close();
			}
		};
		socket.onclose = () => {
			clearInterval(pings);
			if (!ended) say('away');
			// Not all readers at the same moment.
			setTimeout(connect, pause_ms * (0.5 + Math.random()));
			pause_ms = Math.min(pause_ms * 2, pause_max_ms);
			if (pause_ms >= pause_max_ms) refresh();
		};
	}

	localise(document);
	tellFresh(asOf.dateTime);
	say('away');
	setInterval(refresh, anyway_ms * (0.9 + 0.2 * Math.random()));
	connect();
})();
