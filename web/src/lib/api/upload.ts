import type { FileRef } from '$lib/chat/types';
import { ApiError, refusal } from './problem';

/** An upload that does not move on for so long is given up. */
const stall_limit_ms = 60_000;

/** Sends a file as the body of a request. By XMLHttpRequest: fetch does not tell how far it is. */
export function uploadTo(path: string, file: File, progress: (share: number) => void, signal: AbortSignal): Promise<FileRef> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		const stop = () => request.abort();
		let timer = setTimeout(stop, stall_limit_ms);
		const moved = ({ loaded, total }: ProgressEvent) => {
			clearTimeout(timer);
			timer = setTimeout(stop, stall_limit_ms);
			progress(total > 0 ? loaded / total : 0);
		};
		const failed = () => reject(signal.aborted ? signal.reason : new ApiError('network', 0, null));
		if (signal.aborted) {
			clearTimeout(timer);
			failed();
			return;
		}
		signal.addEventListener('abort', stop, { once: true });
		request.upload.onprogress = moved;
		request.onload = () => {
			const body = parsed(request.responseText);
			if (request.status >= 200 && request.status < 300 && body) resolve(body as FileRef);
			else reject(refusal(request.status, body));
		};
		request.onerror = request.onabort = failed;
		request.onloadend = () => {
			clearTimeout(timer);
			signal.removeEventListener('abort', stop);
		};
		request.open('POST', `${path}?name=${encodeURIComponent(file.name)}`);
		request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
		request.send(file);
	});
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
