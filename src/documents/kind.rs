//! Whether bytes are of the type that they are said to be.

/// Whether the first bytes of a file fit a media type of the reference list. An office document is a
/// ZIP archive that says within what it is; a text is told by having no other kind's mark and no
/// control character.
#[must_use]
pub fn is_of_type(head: &[u8], media_type: &str) -> bool {
    let found = infer::get(head).map(|kind| kind.mime_type());
    match media_type {
        "text/plain" => found.is_none() && is_text(head),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => {
            // Some programs write the parts in an order that shows no more than an archive.
            found == Some(media_type) || found == Some("application/zip")
        }
        _ => found == Some(media_type),
    }
}

fn is_text(head: &[u8]) -> bool {
    head.iter().all(|byte| *byte >= b' ' || matches!(byte, b'\n' | b'\r' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
        let webp = b"RIFF\x24\0\0\0WEBPVP8 ";
        let zip = b"PK\x03\x04\x14\0\0\0\0\0";
        let odt = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0mimetypeapplication/vnd.oasis.opendocument.text";
        let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert!(is_of_type(b"%PDF-1.7\n", "application/pdf"));
        assert!(is_of_type(png, "image/png") && !is_of_type(png, "image/jpeg"));
        assert!(is_of_type(jpeg, "image/jpeg") && is_of_type(webp, "image/webp"));
        assert!(is_of_type("Reçu de 5 000 F\n".as_bytes(), "text/plain"));
        assert!(
            !is_of_type(b"\0\x01binary", "text/plain") && !is_of_type(b"%PDF-1.7", "text/plain")
        );
        assert!(is_of_type(odt, "application/vnd.oasis.opendocument.text"));
        assert!(is_of_type(zip, docx) && !is_of_type(b"MZ\x90\0", docx));
    }
}
