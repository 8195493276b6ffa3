import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import staticAdapter from '@sveltejs/adapter-static';

/**
 * adapter-static, but with no inline script left in the page: the server's
 * content security policy is `default-src 'self'`, so each inline script
 * becomes a file with a hashed name. It happens before the files are
 * precompressed.
 */
export default function adapter() {
	const inner = staticAdapter({ fallback: 'index.html', precompress: true, strict: true });
	return {
		...inner,
		name: 'synops-static',
		/** @param {import('@sveltejs/kit').Builder} builder */
		adapt: (builder) =>
			inner.adapt({
				...builder,
				generateFallback: async (destination) => {
					await builder.generateFallback(destination);
					externaliseScripts(destination);
				}
			})
	};
}

/** @param {string} page */
function externaliseScripts(page) {
	const root = dirname(page);
	const html = readFileSync(page, 'utf8').replace(
		/<script>([\s\S]*?)<\/script>/g,
		(_, /** @type {string} */ code) => {
			const hash = createHash('sha256').update(code).digest('base64url').slice(0, 10);
			const path = `_app/immutable/page.${hash}.js`;
			mkdirSync(dirname(join(root, path)), { recursive: true });
			writeFileSync(join(root, path), code);
			return `<script src="/${path}"></script>`;
		}
	);
	if (/<script>/.test(html)) throw new Error('an inline script is left in index.html');
	writeFileSync(page, html);
}
