//! What a file is, by what is in it. Its name has to agree, for where it is opened the name decides.

use super::{AttachmentSettings, FileName};
use crate::{
    clock::named::named,
    http::problem::{FieldError, Rule},
};

/// How many bytes from the beginning of a file are looked at: enough for the first entries of an archive, which tell a document.
pub const LOOKED_AT: usize = 8_192;

named! {
/// What may be attached: media types (RFC 6838).
pub enum MediaType {
    /// PDF.
    Pdf: "application/pdf",
    /// PNG.
    Png: "image/png",
    /// JPEG.
    Jpeg: "image/jpeg",
    /// GIF.
    Gif: "image/gif",
    /// WebP.
    Webp: "image/webp",
    /// HEIC, as telephones take pictures.
    Heic: "image/heic",
    /// TIFF.
    Tiff: "image/tiff",
    /// Text in UTF-8.
    Text: "text/plain",
    /// A table as text in UTF-8.
    Csv: "text/csv",
    /// An e-mail as a file.
    Eml: "message/rfc822",
    /// Word.
    Docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    /// Excel.
    Xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    /// `OpenDocument` text.
    Odt: "application/vnd.oasis.opendocument.text",
    /// MP3.
    Mp3: "audio/mpeg",
    /// AAC in MP4.
    M4a: "audio/mp4",
    /// WAVE.
    Wav: "audio/wav",
    /// Vorbis or Opus in Ogg.
    Ogg: "audio/ogg",
    /// MP4.
    Mp4: "video/mp4",
    /// `QuickTime`.
    Mov: "video/quicktime",
    /// An archive of files.
    Zip: "application/zip",
}
}

/// What is found in a file, by the names that `infer` has for it, and how a file of that sort may be called. Text has no marks of its own:
/// there the name says which.
const KNOWN: [(MediaType, &[&str], &[&str]); 20] = [
    (MediaType::Pdf, &["application/pdf"], &["pdf"]),
    (MediaType::Png, &["image/png"], &["png"]),
    (MediaType::Jpeg, &["image/jpeg"], &["jpg", "jpeg"]),
    (MediaType::Gif, &["image/gif"], &["gif"]),
    (MediaType::Webp, &["image/webp"], &["webp"]),
    (MediaType::Heic, &["image/heif"], &["heic", "heif"]),
    (MediaType::Tiff, &["image/tiff"], &["tif", "tiff"]),
    (MediaType::Text, &[], &["txt"]),
    (MediaType::Csv, &[], &["csv"]),
    (MediaType::Eml, &[], &["eml"]),
    (MediaType::Docx, &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"], &["docx"]),
    (MediaType::Xlsx, &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"], &["xlsx"]),
    (MediaType::Odt, &["application/vnd.oasis.opendocument.text"], &["odt"]),
    (MediaType::Mp3, &["audio/mpeg"], &["mp3"]),
    (MediaType::M4a, &["audio/m4a"], &["m4a"]),
    (MediaType::Wav, &["audio/x-wav"], &["wav"]),
    (MediaType::Ogg, &["audio/ogg", "audio/opus"], &["ogg", "oga", "opus"]),
    (MediaType::Mp4, &["video/mp4"], &["mp4", "m4v"]),
    (MediaType::Mov, &["video/quicktime"], &["mov"]),
    (MediaType::Zip, &["application/zip"], &["zip"]),
];

/// What `infer` knows by two letters: `BM` and `MZ`.
const WEAK: [&str; 2] = ["image/bmp", "application/vnd.microsoft.portable-executable"];

/// A file that may not be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// It is nothing that is known and safe, or nothing that the firm takes.
    Type(&'static str),
    /// Its name says something else than its content.
    Name(FieldError),
}

impl MediaType {
    /// Each of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied()
    }

    /// Its name (RFC 6838).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether it is text: all of a file has to be UTF-8 without U+0000 then.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Csv | Self::Eml)
    }

    /// Whether there may be a thumbnail of it.
    #[must_use]
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::Webp)
    }
}

/// What a file is that begins so and is called so, if the firm takes such.
///
/// # Errors
/// [`NotTaken`].
pub fn taken(begins: &[u8], name: &FileName, settings: &AttachmentSettings) -> Result<MediaType, NotTaken> {
    let extension = name.as_str().rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    let found = match infer::get(begins) {
        // Of bitmaps and programs two letters are the mark, and a text may begin with them; but those are never all text.
        Some(found) if WEAK.contains(&found.mime_type()) && may_be_text(begins) => text(begins, extension),
        Some(found) => KNOWN.iter().find(|(_, found_as, _)| found_as.contains(&found.mime_type())),
        None if may_be_text(begins) => text(begins, extension),
        None => None,
    };
    let Some((kind, _, extensions)) = found else {
        return Err(NotTaken::Type("The content is of no type that is known to be safe"));
    };
    if !settings.types.contains(kind) {
        return Err(NotTaken::Type("The firm takes no files of this type"));
    }
    if !extensions.contains(&extension) {
        let rule = format!("must end with .{}: the content is {}", extensions.join(" or ."), kind.as_str());
        return Err(NotTaken::Name(FieldError::parameter("name", Rule::NotAllowed, rule)));
    }
    Ok(*kind)
}

/// Which sort of text it is: by its name, and plain if that says none.
fn text(
    begins: &[u8],
    extension: &str,
) -> Option<&'static (MediaType, &'static [&'static str], &'static [&'static str])> {
    let named = KNOWN.iter().find(|(kind, _, extensions)| kind.is_text() && extensions.contains(&extension));
    let plain = || KNOWN.iter().find(|(kind, ..)| *kind == MediaType::Text);
    named.filter(|(kind, ..)| *kind != MediaType::Eml || begins_with_header(begins)).or_else(plain)
}

/// Whether an e-mail may begin so: with the name of a header field and a colon (RFC 5322 §2.2).
fn begins_with_header(begins: &[u8]) -> bool {
    let name = begins.split(|byte| *byte == b':').next().unwrap_or_default();
    !name.is_empty() && name.len() < begins.len() && name.iter().all(|byte| byte.is_ascii_graphic())
}

/// Whether a text in UTF-8 may begin so; the last character may be cut.
fn may_be_text(begins: &[u8]) -> bool {
    let sound = match std::str::from_utf8(begins) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    sound && !begins.is_empty() && !begins.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::try_from(text.to_owned()).unwrap()
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn content_decides_and_the_name_has_to_agree() {
        let usual = AttachmentSettings::default();
        for (begins, called, kind) in [
            (PNG, "shot.PNG", MediaType::Png),
            (b"%PDF-1.7\n".as_slice(), "letter.pdf", MediaType::Pdf),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", "a.b.jpeg", MediaType::Jpeg),
            (b"GIF89a", "x.gif", MediaType::Gif),
            (b"RIFF\0\0\0\0WEBPVP8 ", "x.webp", MediaType::Webp),
            (b"RIFF\0\0\0\0WAVEfmt ", "x.wav", MediaType::Wav),
            (b"II*\0\x08\0\0\0\x01\0", "x.tif", MediaType::Tiff),
            (b"ID3\x03\0", "call.mp3", MediaType::Mp3),
            (b"OggS\0\x02", "call.ogg", MediaType::Ogg),
            (b"\0\0\0\x18ftypM4A ", "call.m4a", MediaType::M4a),
            (b"\0\0\0\x18ftypisom", "film.mp4", MediaType::Mp4),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", "film.mov", MediaType::Mov),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "photo.heic", MediaType::Heic),
            ("Zoë said".as_bytes(), "note.txt", MediaType::Text),
            (b"a;b\n1;2", "table.csv", MediaType::Csv),
            (b"From: zoe@example.com\r\n", "mail.eml", MediaType::Eml),
            (b"BMW, the car", "note.txt", MediaType::Text),
            // Cut within a character.
            (b"Zo\xC3", "note.txt", MediaType::Text),
        ] {
            assert_eq!(taken(begins, &name(called), &usual), Ok(kind), "{called}");
        }
        for (begins, called) in [
            (b"MZ\x90\0".as_slice(), "setup.exe"),
            (b"MZ\x90\0", "letter.pdf"),
            (b"\x7FELF\x02\x01\x01\0", "letter.pdf"),
            (b"#!/bin/sh\nrm", "note.txt"),
            (b"<html><script>", "note.txt"),
            (b"PK\x03\x04\x14\0\0\0\0\0", "all.zip"),
            (b"a\0b", "note.txt"),
            (b"\xFF\xFE\xFD", "note.txt"),
            (b"", "note.txt"),
        ] {
            assert!(matches!(taken(begins, &name(called), &usual), Err(NotTaken::Type(_))), "{called}");
        }
        for (begins, called) in
            [(PNG, "shot.pdf"), (PNG, "shot"), (b"plain".as_slice(), "page.html"), (b"no mail", "mail.eml")]
        {
            assert!(matches!(taken(begins, &name(called), &usual), Err(NotTaken::Name(_))), "{called}");
        }
    }

    #[test]
    fn a_firm_takes_what_it_has_set() {
        let settings: AttachmentSettings = serde_json::from_str(r#"{"types":["application/zip"]}"#).unwrap();
        assert_eq!(settings.max_bytes, crate::attachment::MAX_BYTES);
        assert_eq!(taken(b"PK\x03\x04\x14\0\0\0\0\0", &name("all.zip"), &settings), Ok(MediaType::Zip));
        assert!(matches!(taken(PNG, &name("shot.png"), &settings), Err(NotTaken::Type(_))));
        assert!(serde_json::from_str::<AttachmentSettings>(r#"{"types":["text/html"]}"#).is_err());
    }

    #[test]
    fn each_has_a_line_in_the_table() {
        for kind in MediaType::all() {
            assert!(KNOWN.iter().any(|(known, ..)| *known == kind), "{}", kind.as_str());
        }
        assert_eq!(AttachmentSettings::default().types.len(), KNOWN.len() - 1);
    }
}
