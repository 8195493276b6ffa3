/** Where to go after signing in: only ever a path of this page. */
export function nextPage(url: URL): string {
	const next = url.searchParams.get('next');
	return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/';
}
